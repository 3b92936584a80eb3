import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorCode, isMissing } from './error-code.ts'
import { failureReason } from './failure-reason.ts'

const coded = (code: unknown, message = 'm'): Error => Object.assign(new Error(message), { code })

test('the reason of a failure is the code of its cause, else its own', () => {
  const fetchFailed = new TypeError('fetch failed', { cause: coded('ECONNREFUSED') })
  assert.equal(failureReason(fetchFailed), 'ECONNREFUSED')
  assert.equal(failureReason(coded('EAUTH', 'no https://x.example/token')), 'EAUTH')
})

test('an address is in no reason, whatever its scheme', () => {
  for (const address of [
    'https://hooks.example/T0/secret',
    'smtps://u:p@mail.example:465',
    'HTTP://a',
  ])
    assert.equal(
      failureReason(new Error(`cannot reach ${address} now`)),
      'cannot reach (address) now',
    )
})

test('a time limit that passed is told in words and not as the number of a DOM exception', () => {
  const late = new DOMException('The operation was aborted due to timeout', 'TimeoutError')
  assert.equal(failureReason(late), 'The operation was aborted due to timeout')
  assert.equal(errorCode(late), '')
})

test('a reason is short, and what is no error has one', () => {
  assert.equal(failureReason(new Error('x'.repeat(900))).length, 200)
  for (const thrown of [undefined, null, 'text', { code: 'EIO' }])
    assert.equal(failureReason(thrown), 'failed')
})

test('only ENOENT says that a file is missing', () => {
  assert.ok(isMissing(coded('ENOENT')))
  for (const error of [coded('EACCES'), coded('EMFILE'), coded(2), new Error('ENOENT'), null])
    assert.ok(!isMissing(error))
})
