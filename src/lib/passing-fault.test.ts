import assert from 'node:assert/strict'
import { openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { isPassingFault } from './passing-fault.ts'

function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return assert.fail('nothing was thrown')
}

test('what the machine refuses for a while passes, also as the cause of something else', () => {
  const missing = thrownBy(() => openSync('/nowhere/at/all', 'r'))
  assert.equal(isPassingFault(missing), true)
  assert.equal(isPassingFault(new Error('not read', { cause: missing })), true)
  for (const code of ['EIO', 'EMFILE', 'ECONNRESET', '08006', '53300', '57P01'])
    assert.equal(isPassingFault(Object.assign(new Error('x'), { code })), true, code)
})

test('a database that another holds passes, one that refuses the statement does not', () => {
  const path = `file:passing-${process.pid}?mode=memory&cache=shared`
  using first = new DatabaseSync(path)
  using second = new DatabaseSync(path, { timeout: 1 })
  first.exec('create table t (x unique); begin exclusive; insert into t values (1)')
  assert.equal(isPassingFault(thrownBy(() => second.exec('insert into t values (2)'))), true)
  first.exec('commit')
  for (const wrong of ['insert into t values (1)', 'insert into nothing values (1)', 'what'])
    assert.equal(isPassingFault(thrownBy(() => second.exec(wrong))), false, wrong)
})

test('what was read wrong does not pass', () => {
  const causeless = new Error('x')
  causeless.cause = causeless
  for (const error of [
    new Error('EIO'),
    new TypeError('x'),
    Object.assign(new Error('x'), { code: 'ERR_OUT_OF_RANGE' }),
    Object.assign(new Error('x'), { code: '23505' }),
    Object.assign(new Error('x'), { code: 5 }),
    Object.assign(new Error('x'), { errcode: 11 }),
    causeless,
    { code: 'EIO' },
    'EIO',
    null,
  ])
    assert.equal(isPassingFault(error), false)
})
