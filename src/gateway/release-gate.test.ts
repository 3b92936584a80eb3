import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { dialectByName } from '../dialects/registry.ts'
import type { Surface } from '../model/dialect.ts'
import type { RecordingMode } from '../model/upstream.ts'
import { createReleaseGate } from './release-gate.ts'
import { contentDecoder } from './content-encoding.ts'

const CHAT: Surface = {
  name: 'openai.chat-completions',
  dialect: 'openai',
  kind: 'generate',
  readsBody: true,
  modelInPath: null,
  streamInPath: null,
  upstreamPath: '/v1/chat/completions',
}
const BEFORE =
  'data: {"choices":[{"delta":{"content":"hé"}}]}\n\ndata: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
const STREAM = Buffer.from(`${BEFORE}data: [DONE]\n\n`)

interface Rig {
  readonly out: () => Buffer
  readonly push: (bytes: Buffer) => void
  readonly rest: () => Buffer | null
  readonly makeDurable: () => Promise<void>
}

function rig(
  mode: RecordingMode,
  options: { readonly followed: boolean; readonly encoding?: string },
): Rig {
  const out: Buffer[] = []
  let waiting: (() => void)[] = []
  const decoder = contentDecoder(options.encoding ?? null)
  const gate = createReleaseGate({
    mode,
    follower: options.followed ? dialectByName('openai').follow(CHAT, 'text/event-stream') : null,
    decode: decoder === null || decoder === 'identity' ? null : decoder.stream,
    durable: () => new Promise((resolve) => waiting.push(resolve)),
    release: (bytes) => out.push(Buffer.from(bytes)),
    failed: (error) => assert.fail(String(error)),
  })
  return {
    out: () => Buffer.concat(out),
    push: gate.push,
    rest: gate.rest,
    makeDurable: async () => {
      const now = waiting
      waiting = []
      for (const resolve of now) resolve()
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

function chunked(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [
    0,
    ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b),
    bytes.length,
  ]
  return places
    .slice(1)
    .map((end, i) => bytes.subarray(places[i], end))
    .filter((chunk) => chunk.length > 0)
}

test('a strict stream is released up to its terminal event and no further, at any split', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: STREAM.length }), { maxLength: 30 }), (cuts) => {
      const { push, out, rest } = rig('strict', { followed: true })
      for (const chunk of chunked(STREAM, cuts)) push(chunk)
      assert.equal(out().toString(), BEFORE)
      assert.equal(rest()?.toString(), 'data: [DONE]\n\n')
    }),
  )
})

test('strict-chunks releases nothing before it is durable', async () => {
  const { push, out, makeDurable } = rig('strict-chunks', { followed: true })
  push(STREAM)
  assert.equal(out().length, 0)
  await makeDurable()
  assert.equal(out().toString(), BEFORE)
})

test('an answer without events is held whole while it is short', async () => {
  const { push, out, rest, makeDurable } = rig('strict', { followed: false })
  push(Buffer.from('{"id":1'))
  push(Buffer.from('}'))
  await makeDurable()
  assert.equal(out().length, 0)
  assert.equal(rest()?.toString(), '{"id":1}')
})

test('a long answer without events is released as far as it is durable, never its last byte', async () => {
  const { push, out, rest, makeDurable } = rig('strict', { followed: false })
  const bytes = Buffer.alloc(700_000, 7)
  for (let at = 0; at < bytes.length; at += 100_000) push(bytes.subarray(at, at + 100_000))
  assert.equal(out().length, 0)
  for (let round = 0; round < 4; round += 1) await makeDurable()
  assert.equal(out().length, bytes.length - 1)
  assert.equal(rest()?.length, 1)
})

test('best-effort releases everything at once', () => {
  const { push, out } = rig('best-effort', { followed: true })
  push(STREAM)
  assert.deepEqual(out(), STREAM)
})

test('of a compressed stream no chunk that holds the terminal event is released early', async () => {
  const { push, out, rest } = rig('strict', { followed: true, encoding: 'gzip' })
  const bytes = gzipSync(STREAM)
  push(bytes.subarray(0, 20))
  push(bytes.subarray(20))
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.ok(out().length <= 20)
  const last = rest()
  assert.deepEqual(Buffer.concat([out(), last ?? Buffer.alloc(0)]), bytes)
})

test('released bytes and the rest are exactly what was received, at any split and in any mode', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom<RecordingMode>('strict', 'strict-chunks', 'best-effort'),
      fc.boolean(),
      fc.array(fc.nat({ max: STREAM.length }), { maxLength: 10 }),
      async (mode, followed, cuts) => {
        const { push, out, rest, makeDurable } = rig(mode, { followed })
        for (const chunk of chunked(STREAM, cuts)) {
          push(chunk)
          await makeDurable()
        }
        assert.deepEqual(Buffer.concat([out(), rest() ?? Buffer.alloc(0)]), STREAM)
      },
    ),
    { numRuns: 60 },
  )
})
