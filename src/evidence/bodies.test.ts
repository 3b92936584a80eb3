import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  chatBody,
  closingFacts,
  openingFacts,
  openTestEvidence,
  temporaryFolder,
  wholeBody,
  type Message,
} from '../../test/harness/evidence.ts'
import type { BlockSpan } from '../model/dialect.ts'
import { blockId, BlockKey, listId } from './block-ids.ts'
import { BodyCache, commonPrefix } from './body-cache.ts'
import { cutBody, ropeOf, spansFit, type BodyPart } from './body-parts.ts'
import { decodeRope, encodeRope, ROLES } from './rope.ts'

const key = new BlockKey(Buffer.alloc(32, 5))

/** Any body with any ascending spans in it. */
const bodyWithSpans = fc
  .tuple(
    fc.uint8Array({ minLength: 1, maxLength: 3000 }),
    fc.array(fc.nat(3000), { maxLength: 60 }),
    fc.infiniteStream(fc.constantFrom(...ROLES)),
  )
  .map(([bytes, cuts, roles]) => {
    const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted(
      (a, b) => a - b,
    )
    const spans: BlockSpan[] = []
    for (let i = 0; i + 1 < places.length; i += (i % 3) + 1) {
      const role = roles.next().value
      spans.push({ start: places[i]!, end: places[i + 1]!, role })
    }
    return { bytes: Buffer.from(bytes), spans }
  })

/** The body again, from its parts alone. */
function rebuild(bytes: Buffer, parts: readonly BodyPart[]): Buffer {
  const flat = (part: BodyPart): readonly BodyPart[] =>
    part.kind === 'block' ? [part] : part.children.flatMap(flat)
  for (const block of parts.flatMap(flat)) assert.ok(block.start < block.end)
  const rope = decodeRope(encodeRope(ropeOf({ bytes, sha256: '', parts })))
  let at = 0
  const pieces: Buffer[] = []
  for (const entry of rope.entries) {
    pieces.push(entry.gap)
    at += entry.gap.length
    pieces.push(bytes.subarray(at, at + entry.bytes))
    at += entry.bytes
  }
  return Buffer.concat([...pieces, rope.end])
}

test('any body with any spans is cut into parts that cover it exactly', () => {
  const cache = new BodyCache(1_000_000)
  fc.assert(
    fc.property(bodyWithSpans, ({ bytes, spans }) => {
      const cut = cutBody(key, cache, 'scope', bytes, spans)
      assert.deepEqual(rebuild(bytes, cut.parts), bytes)
      assert.equal(cut.sha256, createHash('sha256').update(bytes).digest('hex'))
    }),
    { numRuns: 300 },
  )
})

test('a body cut with help of an earlier one has the ids it has without', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...ROLES), fc.string({ maxLength: 30 })), {
        minLength: 1,
        maxLength: 40,
      }),
      fc.nat(39),
      fc.boolean(),
      (texts, change, grows) => {
        const messages = texts.map(([role, text]): Message => ({ role, text }))
        const cache = new BodyCache(1_000_000)
        const before = chatBody(grows ? messages.slice(0, change % messages.length) : messages)
        cutBody(key, cache, 'scope', before.bytes, before.spans)
        if (!grows) messages[change % messages.length] = { role: 'user', text: 'changed' }
        const after = chatBody(messages)
        const helped = cutBody(key, cache, 'scope', after.bytes, after.spans)
        const alone = cutBody(key, new BodyCache(1_000_000), 'scope', after.bytes, after.spans)
        const ids = (parts: readonly BodyPart[]): unknown =>
          parts.map((part) => [part.kind, part.key, part.start, part.end])
        assert.deepEqual(ids(helped.parts), ids(alone.parts))
        assert.equal(helped.sha256, alone.sha256)
      },
    ),
    { numRuns: 300 },
  )
})

test('spans that overlap, go back, are empty or leave the body make one opaque block', () => {
  const bytes = Buffer.from('0123456789')
  const at = (start: number, end: number): BlockSpan => ({ start, end, role: 'user' })
  const refused = [
    [at(0, 11)],
    [at(3, 3)],
    [at(5, 4)],
    [at(0, 5), at(4, 6)],
    [at(4, 6), at(0, 2)],
    [at(-1, 2)],
    [at(0.5, 2)],
  ]
  for (const spans of refused) {
    assert.equal(spansFit(spans, bytes.length), false)
    const cut = cutBody(key, new BodyCache(1000), 's', bytes, spans)
    assert.deepEqual(
      cut.parts.map(({ start, end }) => [start, end]),
      [[0, 10]],
    )
  }
  assert.equal(spansFit([at(0, 5), at(5, 10)], bytes.length), true)
})

test('the common prefix is exact over chunk borders', () => {
  const a = Buffer.alloc(200_000, 'abcdefg')
  for (const at of [0, 1, 65_535, 65_536, 65_537, 131_072, 199_999]) {
    const b = Buffer.from(a)
    b[at] = 0
    assert.equal(commonPrefix(a, b), at)
  }
  assert.equal(commonPrefix(a, a.subarray(0, 70_000)), 70_000)
})

test('the body cache stays within its bytes', () => {
  const cache = new BodyCache(100_000)
  for (let i = 0; i < 200; i += 1) {
    const body = chatBody([{ role: 'user', text: `${i} ${'x'.repeat(2000)}` }])
    cutBody(key, cache, `scope ${i % 5}`, body.bytes, body.spans)
    assert.ok(cache.bytes <= 100_000)
  }
  assert.ok(cache.bytes > 50_000)
})

test('a layout that is cut short or has left-over bytes is refused', () => {
  const body = chatBody([
    { role: 'user', text: 'a' },
    { role: 'tool', text: 'b' },
  ])
  const rope = encodeRope(ropeOf(cutBody(key, new BodyCache(1000), 's', body.bytes, body.spans)))
  assert.equal(decodeRope(rope).entries.length, 2)
  for (let cut = 0; cut < rope.length; cut += 1)
    assert.throws(() => decodeRope(rope.subarray(0, cut)))
  assert.throws(() => decodeRope(Buffer.concat([rope, Buffer.alloc(1)])))
})

test('turn 100 of a conversation stores about what turn 1 stores', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const { recorder, reader } = opened.evidence
  // Text that does not repeat, so that only blocks, and not compression, can save bytes.
  const text = (turn: number, side: string): string =>
    Array.from({ length: 25 }, (_, i) =>
      createHash('md5').update(`${turn}${side}${i}`).digest('hex'),
    ).join(' ')
  const messages: Message[] = [{ role: 'system', text: text(0, 'system') }]
  const tools = `,"tools":[${Array.from({ length: 20 }, (_, i) => `{"name":"tool${i}"}`).join(',')}]`
  const stored: number[] = []
  for (let turn = 1; turn <= 100; turn += 1) {
    messages.push(
      { role: 'assistant', text: text(turn, 'a') },
      { role: 'user', text: text(turn, 'u') },
    )
    const body = chatBody(messages, tools)
    const facts = openingFacts()
    const recording = await recorder.open({ facts, body: wholeBody(body.bytes, body.spans) })
    await recording.close(closingFacts())
    if (turn % 33 === 1) {
      const found = await reader.readExchange(facts.id)
      assert.deepEqual(found?.problems, [])
      assert.deepEqual(found?.requestBody, body.bytes)
    }
    await opened.evidence.flush()
    stored.push((await opened.store.index.exchange(facts.id))!.storedBytes)
  }
  const mean = (part: readonly number[]): number => part.reduce((a, b) => a + b, 0) / part.length
  const early = mean(stored.slice(1, 9))
  const late = mean(stored.slice(-8))
  assert.ok(late < early * 1.3, `turn 100 stores ${late} bytes, turn 2 ${early}`)
})

test('a restart finds the blocks of an earlier instance in the index', async () => {
  await using folder = await temporaryFolder()
  const messages = Array.from({ length: 20 }, (_, i): Message => ({
    role: 'user',
    text: `message ${i} ${'y'.repeat(300)}`,
  }))
  const body = chatBody(messages)
  const stored: number[] = []
  for (let run = 0; run < 2; run += 1) {
    await using opened = await openTestEvidence(folder.path)
    const facts = openingFacts()
    const recording = await opened.evidence.recorder.open({
      facts,
      body: wholeBody(body.bytes, body.spans),
    })
    await recording.close(closingFacts())
    await opened.evidence.flush()
    const found = await opened.evidence.reader.readExchange(facts.id)
    assert.deepEqual(found?.requestBody, body.bytes)
    stored.push(found.row.storedBytes)
  }
  assert.ok(stored[1]! < stored[0]! / 2)
})

test('retention classes share no blocks, and a new class begins a new segment', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const { recorder, reader } = opened.evidence
  const body = chatBody([{ role: 'user', text: 'z'.repeat(1000) }])
  const segments: number[] = []
  for (const retentionClass of ['default', 'legal', 'default', 'legal']) {
    const facts = openingFacts({ retentionClass })
    const recording = await recorder.open({ facts, body: wholeBody(body.bytes, body.spans) })
    await recording.close(closingFacts())
    await opened.evidence.flush()
    const found = await reader.readExchange(facts.id)
    assert.deepEqual(found?.requestBody, body.bytes)
    segments.push(found.row.openSegment)
  }
  assert.equal(segments[0]! + 1, segments[1])
  assert.equal(segments[1], segments[3])
  const id = (await opened.store.index.list({ limit: 1 }))[0]!.id
  const block = (await reader.readExchange(id))!.requestBlocks[0]!
  for (const name of ['default', 'legal']) {
    assert.equal((await opened.store.index.findBlocks([block.id], name, null)).length, 1)
  }
})

test('ids are HMAC-SHA-256 over the digest, for keys and texts of any length', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 64 }),
      fc.uint8Array({ maxLength: 300 }),
      (secret, text) => {
        const bytes = Buffer.from(text)
        const own = new BlockKey(Buffer.from(secret))
        const digest = createHash('sha256').update(bytes).digest()
        assert.deepEqual(blockId(own, bytes), createHmac('sha256', secret).update(digest).digest())
        const listed = createHmac('sha256', secret).update(Uint8Array.of(1)).update(digest).digest()
        assert.deepEqual(listId(own, bytes), listed)
        assert.deepEqual(blockId(own, bytes), createHmac('sha256', secret).update(digest).digest())
      },
    ),
  )
  assert.throws(() => new BlockKey(Buffer.alloc(65)), /longer/)
})
