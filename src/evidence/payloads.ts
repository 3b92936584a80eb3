/** The plain payloads inside frames: a JSON head with a length before it, then binary sections. */
import type { AnswerHead, ClosingFacts, EvidenceEvent, OpeningFacts } from '../model/record.ts'
import { fillKey } from './random-pool.ts'
import { foldSent, unfoldSent, type FoldedFacts } from './sent-head.ts'

/** Microseconds since the recording was opened, so that a replay runs at the original pace. */
export type ChunkTiming = readonly [bytes: number, atUs: number]

export type StoredBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'streamed' }
  /** The payload's binary section is the rope that gives the body back. `sha256` is of the whole body. */
  | { readonly kind: 'whole'; readonly bytes: number; readonly sha256: string }

export interface OpeningPayload {
  readonly facts: OpeningFacts
  readonly body: StoredBody
  /** Wall clock when the recording was opened; chunk times count from here. */
  readonly openedAtMs: number
}

export interface StoredAnswerHead extends AnswerHead {
  readonly origin: 'upstream' | 'gateway'
  readonly atUs: number
}

export interface ChunksPayload {
  /** Counts the frames of one recording and kind from 0. */
  readonly seq: number
  /** Only in answer frames, and only in the first. */
  readonly head?: StoredAnswerHead
  readonly chunks: readonly ChunkTiming[]
}

export interface StoredStream {
  readonly bytes: number
  readonly sha256: string
  /** `[segment, offset]` of each frame, in order. */
  readonly frames: readonly (readonly [segment: number, offset: number])[]
}

export interface ClosingPayload {
  readonly facts: ClosingFacts
  /** `[segment, offset]` of the opening frame, in the same instance. */
  readonly opening: readonly [segment: number, offset: number]
  readonly request: StoredStream
  /** `bytes` and `sha256` cover the frames and the tail. */
  readonly answer: StoredStream
  /** Answer chunks that came after the last answer frame; their bytes are the binary section. */
  readonly tail: ChunksPayload | null
  /** Bytes that passed in `best-effort` mode and could not be recorded. */
  readonly lostBytes: number
  /** Bytes the frames of this exchange take in segments, without this one. */
  readonly storedBefore: number
}

export interface RefusalPayload extends OpeningPayload {
  readonly closing: ClosingFacts
}

export interface EventPayload {
  readonly event: EvidenceEvent
}

export function packPayload(head: object, sections: readonly Buffer[]): Buffer {
  return packJson(JSON.stringify(head), 0, sections)
}

/** `before`: bytes that are left free between the length and the JSON. */
function packJson(json: string, before: number, sections: readonly Buffer[]): Buffer {
  const headBytes = before + Buffer.byteLength(json)
  let length = 4 + headBytes
  for (const section of sections) length += section.length
  const payload = Buffer.allocUnsafe(length)
  payload.writeUInt32LE(headBytes, 0)
  payload.write(json, 4 + before)
  let at = 4 + headBytes
  for (const section of sections) at += section.copy(payload, at)
  return payload
}

const salt = Buffer.alloc(32)
/** `{"salt":"`, 32 bytes in base64, and `"`. */
const SALTED_BYTES = 9 + 44 + 1

/**
 * With 32 random bytes as the member `salt`: the transparency log holds the SHA-256 of the whole payload, and without the
 * salt it would confirm a guess of the rest for ever.
 */
export function packCommitted(head: object, sections: readonly Buffer[]): Buffer {
  fillKey(salt)
  const payload = packJson(JSON.stringify(head), SALTED_BYTES, sections)
  // Written around the head instead of joined to it: the comma takes the place of the head's first brace.
  payload.write(`{"salt":"${salt.toString('base64')}",`, 4, 'latin1')
  return payload
}

/** An opening, or a refusal, with the layout of its body when it has one. */
export function packOpening(
  opening: OpeningPayload | RefusalPayload,
  sections: readonly Buffer[],
): Buffer {
  return packCommitted({ ...opening, facts: foldSent(opening.facts) }, sections)
}

interface Unpacked {
  /** JSON text. */
  readonly head: string
  readonly rest: Buffer
}

function unpack(payload: Buffer): Unpacked {
  if (payload.length < 4) throw new Error('the payload is too short')
  const end = 4 + payload.readUInt32LE(0)
  if (end > payload.length) throw new Error('the payload head is cut short')
  return { head: payload.toString('utf8', 4, end), rest: payload.subarray(end) }
}

export interface Read<T> {
  readonly head: T
  /** The binary section. */
  readonly rest: Buffer
}

type Folded<Payload extends OpeningPayload> = Omit<Payload, 'facts'> & {
  readonly facts: FoldedFacts
}

// Payloads were authenticated under this format version: their heads have the shapes that it writes.

export function readOpening(payload: Buffer): Read<OpeningPayload> {
  const { head, rest } = unpack(payload)
  const folded: Folded<OpeningPayload> = JSON.parse(head)
  return { head: { ...folded, facts: unfoldSent(folded.facts) }, rest }
}

export function readRefusal(payload: Buffer): Read<RefusalPayload> {
  const { head, rest } = unpack(payload)
  const folded: Folded<RefusalPayload> = JSON.parse(head)
  return { head: { ...folded, facts: unfoldSent(folded.facts) }, rest }
}

export function readChunks(payload: Buffer): Read<ChunksPayload> {
  const { head, rest } = unpack(payload)
  return { head: JSON.parse(head), rest }
}

export function readClosing(payload: Buffer): Read<ClosingPayload> {
  const { head, rest } = unpack(payload)
  return { head: JSON.parse(head), rest }
}

export function readEvent(payload: Buffer): Read<EventPayload> {
  const { head, rest } = unpack(payload)
  return { head: JSON.parse(head), rest }
}

export interface TimedChunk {
  readonly bytes: Buffer
  readonly atUs: number
}

/** Cuts the binary section of a chunks payload at its timings. */
export function splitChunks(
  chunks: readonly ChunkTiming[],
  section: Buffer,
): readonly TimedChunk[] {
  let at = 0
  const cut = chunks.map(([length, atUs]) => {
    const bytes = section.subarray(at, at + length)
    at += length
    return { bytes, atUs }
  })
  if (at !== section.length) throw new Error('the chunk lengths do not cover the section')
  return cut
}
