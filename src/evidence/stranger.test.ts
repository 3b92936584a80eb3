/** A reader written from docs/design/evidence-format.md alone: nothing of evidence is used to read. */
import assert from 'node:assert/strict'
import { createDecipheriv, createHash, createHmac } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { crc32, inflateRawSync, zstdDecompressSync } from 'node:zlib'
import {
  chatBody,
  closingFacts,
  openingFacts,
  openTestEvidence,
  temporaryFolder,
  wholeBody,
  type Message,
} from '../../test/harness/evidence.ts'

function gcmOpen(key: Buffer, nonce: Buffer, aad: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce)
  decipher.setAAD(aad)
  decipher.setAuthTag(sealed.subarray(-16))
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
}

const unwrap = (root: Buffer, aad: string, wrapped: Buffer): Buffer =>
  gcmOpen(root, wrapped.subarray(0, 12), Buffer.from(aad), wrapped.subarray(12))

interface Frame {
  readonly type: number
  readonly record: string
  readonly blockId: string
  readonly retentionClass: string
  readonly plain: Buffer
}

function readSegment(
  bytes: Buffer,
  root: Buffer,
  end: number,
): { frames: Map<number, Frame>; previous: [number, number] } {
  assert.equal(bytes.subarray(0, 8).toString('hex'), '894353545345470a')
  assert.equal(bytes.readUInt16LE(8), 2)
  const headerEnd = bytes.readUInt32LE(12)
  assert.equal(crc32(bytes.subarray(0, headerEnd - 4)), bytes.readUInt32LE(headerEnd - 4))
  const segment = bytes.readUInt32LE(16)
  const instance = bytes.toString('ascii', 40, 69)
  const classes: { name: string; key: Buffer }[] = []
  let at = 73 + bytes.readUInt16LE(71)
  for (let i = 0; i < bytes.readUInt16LE(69); i += 1) {
    const nameAt = at + 3
    const keyAt = nameAt + bytes.readUInt8(at)
    const keyEnd = keyAt + bytes.readUInt16LE(at + 1)
    const name = bytes.toString('utf8', nameAt, keyAt)
    const aad = `custody/epoch-key/v1\0${instance}\0${segment}\0${name}`
    classes.push({ name, key: unwrap(root, aad, bytes.subarray(keyAt, keyEnd)) })
    at = keyEnd
  }
  const frames = new Map<number, Frame>()
  let ordinal = 0
  for (let from = headerEnd; from + 4 <= Math.min(end, bytes.length);) {
    const length = bytes.readUInt32LE(from)
    if (length === 0) break
    const frame = bytes.subarray(from, from + length)
    assert.equal(crc32(frame.subarray(0, 80)), frame.readUInt32LE(80))
    assert.equal(crc32(frame.subarray(84, -4)), frame.readUInt32LE(length - 4))
    assert.equal(frame.readUInt32LE(8), ordinal)
    const { name, key } = classes[frame[6]!]!
    const head = Buffer.from(frame.subarray(0, 80))
    head[7] = head[7]! & ~2
    const aad = Buffer.concat([
      Buffer.from(`custody/frame/v1\0${instance}\0${segment}\0${name}\0`),
      head,
    ])
    const nonce = (kind: number): Buffer => {
      const bytes = Buffer.alloc(12)
      bytes[3] = kind
      bytes.writeUInt32LE(ordinal, 4)
      return bytes
    }
    const counter = Buffer.alloc(16)
    counter.writeBigUInt64BE(2n * BigInt(ordinal), 8)
    const dataKey = createDecipheriv('aes-256-ctr', key, counter).update(frame.subarray(84, 116))
    const payload = gcmOpen(dataKey, nonce(2), aad, frame.subarray(116, -4))
    const coding = frame[7]! & 5
    const plain =
      coding === 1 ? zstdDecompressSync(payload) : coding === 4 ? inflateRawSync(payload) : payload
    assert.equal(plain.length, frame.readUInt32LE(12))
    const record = frame.toString('ascii', 16, 48).replace(/\0+$/, '')
    frames.set(from, {
      type: frame[4]!,
      record,
      blockId: frame.toString('hex', 48, 80),
      retentionClass: name,
      plain,
    })
    from += length
    ordinal += 1
  }
  return { frames, previous: [bytes.readUInt32LE(28), Number(bytes.readBigUInt64LE(32))] }
}

async function readFolder(
  folder: string,
): Promise<{ frames: Map<string, Frame>; blocks: Map<string, Buffer>; tenant: Buffer }> {
  const root = await readFile(join(folder, 'keys', 'root.key'))
  const keyring = JSON.parse(await readFile(join(folder, 'keys', 'keyring.json'), 'utf8'))
  const tenant = unwrap(
    root,
    'custody/tenant-key/v1\0default',
    Buffer.from(keyring.tenants.default, 'base64'),
  )
  const frames = new Map<string, Frame>()
  const blocks = new Map<string, Buffer>()
  for (const instance of (await readdir(join(folder, 'segments'))).toSorted()) {
    const names = (await readdir(join(folder, 'segments', instance))).toSorted().toReversed()
    const read: { number: number; frames: Map<number, Frame> }[] = []
    let expected = Number.POSITIVE_INFINITY
    let end = Number.POSITIVE_INFINITY
    for (const name of names) {
      const number = Number.parseInt(name, 10)
      const bytes = await readFile(join(folder, 'segments', instance, name))
      if (number > expected || bytes.subarray(0, 8).every((byte) => byte === 0)) continue
      const segment = readSegment(bytes, root, end)
      read.unshift({ number, frames: segment.frames })
      ;[expected, end] = segment.previous
    }
    for (const segment of read) {
      for (const [offset, frame] of segment.frames) {
        frames.set(`${instance}/${segment.number}/${offset}`, frame)
        if (frame.type === 2 || frame.type === 3)
          blocks.set(`${frame.retentionClass}/${frame.blockId}`, frame.plain)
      }
    }
  }
  return { frames, blocks, tenant }
}

type Place = readonly [segment: number, offset: number]

interface Head {
  readonly facts: { readonly id: string; readonly state: string }
  readonly body: { readonly sha256: string }
  readonly opening: Place
  readonly answer: { readonly sha256: string; readonly frames: readonly Place[] }
}

function split(plain: Buffer): { readonly json: Head; readonly rest: Buffer } {
  const end = 4 + plain.readUInt32LE(0)
  return { json: JSON.parse(plain.toString('utf8', 4, end)), rest: plain.subarray(end) }
}

function expand(layout: Buffer, find: (id: string, isList: boolean) => Buffer): Buffer {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = layout[at]!
      at += 1
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  const take = (length: number): Buffer => layout.subarray(at, (at += length))
  const parts: Buffer[] = []
  for (let count = varint(); count > 0; count -= 1) {
    const isList = take(1)[0] === 128
    const bytes = varint()
    parts.push(take(varint()))
    const child = find(take(32).toString('hex'), isList)
    const expanded = isList ? expand(child, find) : child
    assert.equal(expanded.length, bytes)
    parts.push(expanded)
  }
  parts.push(take(varint()))
  assert.equal(at, layout.length)
  return Buffer.concat(parts)
}

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()

test('a reader written from the format page alone gives every exchange back', async () => {
  await using folder = await temporaryFolder()
  const sent: { id: string; body: Buffer; answer: Buffer }[] = []
  for (let run = 0; run < 2; run += 1) {
    // Small segments, so that exchanges and their blocks lie in several of them.
    await using opened = await openTestEvidence(folder.path, {
      limits: { segmentBytesMax: 20_000 },
    })
    const messages: Message[] = [{ role: 'system', text: 's'.repeat(500) }]
    for (let turn = 0; turn < 30; turn += 1) {
      messages.push({
        role: 'user',
        text: `${turn} ${createHash('md5').update(`${turn}`).digest('hex').repeat(20)}`,
      })
      const body = chatBody(messages)
      const facts = openingFacts()
      const recording = await opened.evidence.recorder.open({
        facts,
        body: wholeBody(body.bytes, body.spans),
      })
      recording.answerHead({ status: 200, headers: [] }, 'upstream', performance.now())
      const pieces = [`first ${turn}`, 'x'.repeat(turn * 300), 'last'].map((text) =>
        Buffer.from(text),
      )
      for (const [i, piece] of pieces.entries()) {
        recording.answerChunk(piece, performance.now())
        if (i === 1) await recording.durable()
      }
      const answer = Buffer.concat(pieces)
      await recording.close(closingFacts({ answerBytes: answer.length }))
      sent.push({ id: facts.id, body: body.bytes, answer })
    }
  }
  const { frames, blocks, tenant } = await readFolder(folder.path)
  for (const [name, bytes] of blocks) {
    const id = name.slice(name.indexOf('/') + 1)
    const of = (input: Buffer): string => createHmac('sha256', tenant).update(input).digest('hex')
    assert.ok([of(sha256(bytes)), of(Buffer.concat([Buffer.of(1), sha256(bytes)]))].includes(id))
  }
  const segments = new Set([...frames.keys()].map((name) => name.slice(0, name.lastIndexOf('/'))))
  assert.ok(segments.size > 4)
  for (const exchange of sent) {
    const [at, closing] =
      [...frames].find(([, frame]) => frame.type === 6 && frame.record === exchange.id) ??
      assert.fail()
    const instance = at.split('/')[0]
    const { json, rest } = split(closing.plain)
    const opening = frames.get([instance, ...json.opening].join('/'))!
    const start = split(opening.plain)
    assert.equal(start.json.facts.id, exchange.id)
    const body = expand(
      start.rest,
      (id) => blocks.get(`${opening.retentionClass}/${id}`) ?? assert.fail(),
    )
    assert.deepEqual(body, exchange.body)
    assert.equal(sha256(body).toString('hex'), start.json.body.sha256)
    const pieces = json.answer.frames.map(
      (where) => split(frames.get([instance, ...where].join('/'))!.plain).rest,
    )
    const answer = Buffer.concat([...pieces, rest])
    assert.deepEqual(answer, exchange.answer)
    assert.equal(sha256(answer).toString('hex'), json.answer.sha256)
    assert.equal(json.facts.state, 'complete')
  }
})
