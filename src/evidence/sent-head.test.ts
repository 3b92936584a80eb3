import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openingFacts } from '../../test/harness/evidence.ts'
import { foldSent, unfoldSent } from './sent-head.ts'

const header = fc.tuple(
  fc.constantFrom('accept', 'Accept', 'host', 'x-a'),
  fc.constantFrom('1', '2', ''),
)
const head = (headers: readonly (readonly [string, string])[]) =>
  ({ method: 'POST', target: '/v1/chat/completions', httpVersion: '1.1', headers }) as const

test('any sent head comes back from what is stored of it, through JSON', () => {
  fc.assert(
    fc.property(fc.array(header), fc.array(header), (received, sent) => {
      const facts = openingFacts({ received: head(received), sent: head(sent) })
      const stored = JSON.parse(JSON.stringify(foldSent(facts)))
      assert.deepEqual(unfoldSent(stored), facts)
    }),
  )
})

test('headers that were passed as they came are stored once', () => {
  const lines = [
    ['user-agent', 'OpenAI/JS 6.1.0'],
    ['accept', 'application/json'],
  ] as const
  const facts = openingFacts({
    received: head([['host', 'gateway'], ...lines, ['authorization', '(removed)']]),
    sent: head([['host', 'api.openai.com'], ...lines, ['authorization', '(removed)']]),
  })
  assert.deepEqual(foldSent(facts).sent?.headers, [['host', 'api.openai.com'], 1, 2, 3])
})

test('an exchange that sent nothing has no head to fold', () => {
  const facts = openingFacts({ sent: null })
  assert.equal(foldSent(facts).sent, null)
  assert.deepEqual(unfoldSent(foldSent(facts)), facts)
})

test('facts of the first format version, with the whole head, are read as they are', () => {
  const facts = openingFacts({
    received: head([['accept', '*/*']]),
    sent: head([['accept', '*/*']]),
  })
  assert.deepEqual(unfoldSent(facts), facts)
})

test('an index that names no received header is refused', () => {
  const facts = openingFacts({ received: head([]), sent: head([]) })
  const folded = foldSent(facts)
  assert.throws(() => unfoldSent({ ...folded, sent: { ...head([]), headers: [0] } }))
})
