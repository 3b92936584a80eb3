import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { BlockRole, BlockSpan } from '../../model/dialect.ts'
import { createContextReader } from './context.ts'

const reader = createContextReader(Buffer.alloc(32, 7))

/** A request body as its blocks, and where they lie. */
function readingOf(messages: readonly (readonly [role: BlockRole, text: string])[]) {
  const spans: BlockSpan[] = []
  let body = ''
  for (const [role, text] of messages) {
    const start = Buffer.byteLength(body)
    body += JSON.stringify({ role, content: text })
    spans.push({ start, end: Buffer.byteLength(body), role })
  }
  const reading = reader.read(spans, Buffer.from(body))
  assert.ok(reading !== null)
  return reading
}

test('a request names every turn that it continues as that turn named itself', () => {
  // What says nothing is no turn.
  const word = fc.string({ maxLength: 8 }).map((text) => `say ${text}`)
  const turn = fc.record({
    asked: fc.array(word, { minLength: 1, maxLength: 3 }),
    said: fc.array(word, { minLength: 1, maxLength: 2 }),
  })
  fc.assert(
    fc.property(word, fc.array(turn, { minLength: 1, maxLength: 6 }), (system, turns) => {
      const messages: (readonly [BlockRole, string])[] = [['system', system]]
      const own: string[] = []
      for (const { asked, said } of turns) {
        messages.push(...asked.map((text) => ['user', text] as const))
        const reading = readingOf(messages)
        own.push(reading.links.end)
        assert.deepEqual(reading.ends(), own)
        assert.equal(reading.links.parent, own.at(-2) ?? null)
        messages.push(...said.map((text) => ['assistant', text] as const))
      }
    }),
  )
})

test('of a conversation of very many turns the first and the latest are named, and its own', () => {
  const messages = Array.from({ length: 2_001 }, (_, n) =>
    n % 2 === 0 ? (['user', `q${n}`] as const) : (['assistant', `a${n}`] as const),
  )
  const reading = readingOf(messages)
  const ends = reading.ends()
  assert.equal(ends.length, 513)
  assert.equal(ends[0], readingOf(messages.slice(0, 1)).links.end)
  assert.equal(ends.at(-2), reading.links.parent)
  assert.equal(ends.at(-1), reading.links.end)
  assert.ok(!ends.includes(readingOf(messages.slice(0, 1_001)).links.end))
})
