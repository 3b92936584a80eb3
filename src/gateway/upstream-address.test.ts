import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guardedLookup, literalHostProblem } from './upstream-address.ts'

const STRICT = { allowLinkLocalAddresses: false, allowPrivateAddresses: false }

test('an address literal is judged in every spelling the URL parser understands', () => {
  for (const host of [
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '[::ffff:a9fe:a9fe]',
    '169.254.43518',
  ]) {
    assert.notEqual(
      literalHostProblem(`http://${host}/v1`, { ...STRICT, allowPrivateAddresses: true }),
      null,
      host,
    )
  }
  assert.equal(literalHostProblem('https://api.openai.com', STRICT), null)
  assert.equal(
    literalHostProblem('http://127.0.0.1:11434', { ...STRICT, allowPrivateAddresses: true }),
    null,
  )
  assert.notEqual(literalHostProblem('http://127.0.0.1:11434', STRICT), null)
})

test('a name that resolves to a refused address does not connect', async () => {
  const lookup = guardedLookup(STRICT)
  const error = await new Promise((resolve) =>
    lookup('localhost', { all: true }, (failure) => resolve(failure)),
  )
  assert.equal((error as { code?: string }).code, 'upstream.address-refused')
  const permitted = await new Promise((resolve) =>
    guardedLookup({ ...STRICT, allowPrivateAddresses: true })(
      'localhost',
      { all: true },
      (failure, addresses) => resolve(failure ?? addresses),
    ),
  )
  assert.ok(Array.isArray(permitted) && permitted.length > 0)
})
