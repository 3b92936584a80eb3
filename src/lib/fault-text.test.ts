import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultText } from './fault-text.ts'

test('a fault is told by its kind, its code and its place', () => {
  assert.match(faultText(new RangeError('too much')), /^RangeError at .*fault-text\.test\.ts:\d+$/)
  const coded = Object.assign(new Error('no such table: t'), { code: 'ERR_SQLITE_ERROR' })
  assert.match(faultText(coded), /^Error ERR_SQLITE_ERROR at .*fault-text\.test\.ts:\d+$/)
})

test('a fault says nothing of what was read, whatever the error quotes', () => {
  const told = (() => {
    try {
      return JSON.parse('tulip-harbour {')
    } catch (error) {
      return faultText(error)
    }
  })()
  assert.match(String(told), /^SyntaxError at /)
  assert.doesNotMatch(String(told), /tulip/)
  const odd = Object.assign(new Error('x'), { name: 'tulip harbour', code: 'tulip harbour' })
  odd.stack = 'tulip harbour\nharbour at dawn'
  assert.equal(faultText(odd), 'Error')
  assert.equal(faultText('tulip'), 'an error of no kind')
})
