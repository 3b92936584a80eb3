/** The bytes of a segment file: header and frames, encode and decode. `docs/design/evidence-format.md` is its text. */
import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { InstanceId } from '../lib/ids.ts'

export const MAGIC = Buffer.from('\x89CSTSEG\n', 'latin1')
const FORMAT_VERSION = 2
/** What changed is in the payloads of openings and can be seen in them: both are read by the same code. */
const VERSIONS_READ: ReadonlySet<number> = new Set([1, FORMAT_VERSION])

const FRAME_TYPES = {
  opening: 1,
  block: 2,
  list: 3,
  request: 4,
  answer: 5,
  closing: 6,
  refusal: 7,
  event: 8,
} as const

export type FrameType = keyof typeof FRAME_TYPES

const TYPE_NAMES: ReadonlyMap<number, FrameType> = new Map([
  [1, 'opening'],
  [2, 'block'],
  [3, 'list'],
  [4, 'request'],
  [5, 'answer'],
  [6, 'closing'],
  [7, 'refusal'],
  [8, 'event'],
])

const FLAG_ZSTD = 1
/** First frame of a commit group: everything before it in the segment was durable when it was written. */
const FLAG_GROUP = 2
const FLAG_DEFLATE = 4
const FLAGS_KNOWN = FLAG_ZSTD | FLAG_GROUP | FLAG_DEFLATE

/** How the plain payload was compressed before it was encrypted. */
export type Coding = 'plain' | 'zstd' | 'deflate'

const CODING_FLAGS = { plain: 0, zstd: FLAG_ZSTD, deflate: FLAG_DEFLATE } as const

function codingOf(flags: number): Coding | null {
  if ((flags & FLAG_ZSTD) !== 0) return (flags & FLAG_DEFLATE) === 0 ? 'zstd' : null
  return (flags & FLAG_DEFLATE) === 0 ? 'plain' : 'deflate'
}

const STATE_LIVE = 0
export const STATE_ERASED = 1

export const INSTANCE_BYTES = 29
const RECORD_BYTES = 32
const BLOCK_ID_BYTES = 32
export const TAG_BYTES = 16
const WRAPPED_KEY_BYTES = 32
/** Length of the part of a frame that the header CRC covers. */
export const FRAME_HEAD_BYTES = 80
/** Where the wrapped key starts: after the header and its CRC. */
export const FRAME_BODY_AT = 84
export const CIPHERTEXT_AT = FRAME_BODY_AT + WRAPPED_KEY_BYTES
/** Bytes of a frame besides its ciphertext. */
export const FRAME_OVERHEAD = CIPHERTEXT_AT + TAG_BYTES + 4
export const FRAME_BYTES_MAX = 0x7fff_ffff

const FLAGS_AT = 7
export const STATE_AT = 5
const HEADER_FIXED = 73
const ZEROS = Buffer.alloc(64 * 1024)

const INSTANCE_SHAPE = /^in_[0-9a-hjkmnp-tv-z]{26}$/

export function isInstanceId(name: string): name is InstanceId {
  return INSTANCE_SHAPE.test(name)
}

export interface WrappedEpochKey {
  readonly retentionClass: string
  readonly wrapped: Buffer
}

export interface SegmentHeader {
  readonly instance: InstanceId
  readonly segment: number
  readonly createdAtMs: number
  /** The segment of this instance that holds the frames before this one's; 0 when there is none. */
  readonly previousSegment: number
  /** Where the acknowledged frames of that segment end; bytes after it never counted. */
  readonly previousEnd: number
  /** Id of the key provider that wrapped the epoch keys. */
  readonly provider: string
  readonly epochKeys: readonly WrappedEpochKey[]
}

export interface FrameHead {
  /** Of the whole frame. */
  readonly length: number
  readonly type: FrameType
  readonly erased: boolean
  readonly classIndex: number
  readonly coding: Coding
  readonly startsGroup: boolean
  readonly ordinal: number
  /** Payload bytes before compression. */
  readonly plainLength: number
  /** Exchange or event this frame belongs to. */
  readonly record: string
  /** 64 hex digits for blocks and lists; empty otherwise. */
  readonly blockId: string
}

export type Reading<T> =
  | { readonly kind: 'ok'; readonly value: T }
  /** Zeros: nothing was written here. */
  | { readonly kind: 'end' }
  | { readonly kind: 'bad'; readonly reason: string }
  /** Well-formed, made by a version this reader does not know. */
  | { readonly kind: 'unknown'; readonly reason: string }

const bad = (reason: string) => ({ kind: 'bad', reason }) as const

/** SHA-256 of the header as it lies on the disk: the transparency log has it before any frame behind it. */
export function headerDigest(header: SegmentHeader): string {
  return hash('sha256', encodeHeader(header), 'hex')
}

export function encodeHeader(header: SegmentHeader): Buffer {
  const provider = Buffer.from(header.provider)
  const keys = header.epochKeys.map((key) => {
    const name = Buffer.from(key.retentionClass)
    const lengths = Buffer.alloc(3)
    lengths.writeUInt8(name.length, 0)
    lengths.writeUInt16LE(key.wrapped.length, 1)
    return Buffer.concat([lengths, name, key.wrapped])
  })
  const fixed = Buffer.alloc(HEADER_FIXED)
  MAGIC.copy(fixed, 0)
  fixed.writeUInt16LE(FORMAT_VERSION, 8)
  fixed.writeUInt16LE(0, 10)
  fixed.writeUInt32LE(header.segment, 16)
  fixed.writeBigUInt64LE(BigInt(header.createdAtMs), 20)
  fixed.writeUInt32LE(header.previousSegment, 28)
  fixed.writeBigUInt64LE(BigInt(header.previousEnd), 32)
  fixed.write(header.instance, 40, INSTANCE_BYTES, 'latin1')
  fixed.writeUInt16LE(header.epochKeys.length, 69)
  fixed.writeUInt16LE(provider.length, 71)
  const whole = Buffer.concat([fixed, provider, ...keys, Buffer.alloc(4)])
  whole.writeUInt32LE(whole.length, 12)
  whole.writeUInt32LE(crc32(whole.subarray(0, -4)), whole.length - 4)
  return whole
}

/** Decodes the header at the start of `bytes`. `length` is where the first frame begins. */
export function decodeHeader(
  bytes: Buffer,
): Reading<{ readonly header: SegmentHeader; readonly length: number }> {
  if (bytes.subarray(0, MAGIC.length).every((byte) => byte === 0)) return { kind: 'end' }
  if (bytes.length < HEADER_FIXED) return bad('the header is cut short')
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return bad('this is not a segment file')
  const version = bytes.readUInt16LE(8)
  if (!VERSIONS_READ.has(version) || bytes.readUInt16LE(10) !== 0) {
    return { kind: 'unknown', reason: `segment format version ${version} is not known` }
  }
  const length = bytes.readUInt32LE(12)
  if (length < HEADER_FIXED + 4 || length > bytes.length) return bad('the header is cut short')
  if (crc32(bytes.subarray(0, length - 4)) !== bytes.readUInt32LE(length - 4)) {
    return bad('the header checksum does not match')
  }
  const keysEnd = length - 4
  let at = HEADER_FIXED + bytes.readUInt16LE(71)
  const provider = bytes.toString('utf8', HEADER_FIXED, at)
  const epochKeys: WrappedEpochKey[] = []
  for (let count = bytes.readUInt16LE(69); count > 0; count -= 1) {
    if (at + 3 > keysEnd) return bad('the key table is cut short')
    const nameEnd = at + 3 + bytes.readUInt8(at)
    const end = nameEnd + bytes.readUInt16LE(at + 1)
    if (end > keysEnd) return bad('the key table is cut short')
    const wrapped = Buffer.from(bytes.subarray(nameEnd, end))
    epochKeys.push({ retentionClass: bytes.toString('utf8', at + 3, nameEnd), wrapped })
    at = end
  }
  if (at !== keysEnd) return bad('the key table has left-over bytes')
  const instance = bytes.toString('latin1', 40, 40 + INSTANCE_BYTES)
  if (!isInstanceId(instance)) return bad('the instance id is malformed')
  const header: SegmentHeader = {
    instance,
    segment: bytes.readUInt32LE(16),
    createdAtMs: Number(bytes.readBigUInt64LE(20)),
    previousSegment: bytes.readUInt32LE(28),
    previousEnd: Number(bytes.readBigUInt64LE(32)),
    provider,
    epochKeys,
  }
  return { kind: 'ok', value: { header, length } }
}

export interface FrameHeadFields {
  readonly length: number
  readonly type: FrameType
  readonly classIndex: number
  readonly coding: Coding
  readonly ordinal: number
  readonly plainLength: number
  readonly record: string
  readonly blockId: Buffer | null
}

/** Writes the 84 header bytes of a live frame at the start of `frame`. */
export function writeFrameHead(frame: Buffer, fields: FrameHeadFields): void {
  frame.writeUInt32LE(fields.length, 0)
  frame[4] = FRAME_TYPES[fields.type]
  frame[STATE_AT] = STATE_LIVE
  frame[6] = fields.classIndex
  frame[FLAGS_AT] = CODING_FLAGS[fields.coding]
  frame.writeUInt32LE(fields.ordinal, 8)
  frame.writeUInt32LE(fields.plainLength, 12)
  frame.fill(0, 16, FRAME_HEAD_BYTES)
  frame.write(fields.record, 16, RECORD_BYTES, 'latin1')
  if (fields.blockId !== null) fields.blockId.copy(frame, 48, 0, BLOCK_ID_BYTES)
  frame.writeUInt32LE(crc32(frame.subarray(0, FRAME_HEAD_BYTES)), FRAME_HEAD_BYTES)
}

/** Marks an encoded frame as the first of its commit group. The mark is checksummed, not authenticated. */
export function markGroupStart(frame: Buffer): void {
  frame[FLAGS_AT] = (frame[FLAGS_AT] ?? 0) | FLAG_GROUP
  frame.writeUInt32LE(crc32(frame.subarray(0, FRAME_HEAD_BYTES)), FRAME_HEAD_BYTES)
}

/** The header as it is authenticated: without state and group mark, the two things that change after sealing. */
export function copyAuthenticatedHead(frame: Buffer, target: Buffer, at: number): void {
  frame.copy(target, at, 0, FRAME_HEAD_BYTES)
  target[at + STATE_AT] = STATE_LIVE
  target[at + FLAGS_AT] = (target[at + FLAGS_AT] ?? 0) & ~FLAG_GROUP
}

function headCrc(bytes: Buffer): number {
  if (bytes[STATE_AT] === STATE_LIVE) return crc32(bytes.subarray(0, FRAME_HEAD_BYTES))
  const copy = Buffer.from(bytes.subarray(0, FRAME_HEAD_BYTES))
  copy[STATE_AT] = STATE_LIVE
  return crc32(copy)
}

/** Decodes the header of the frame at the start of `bytes` (at least 84 bytes, unless the file ends before). */
export function decodeFrameHead(bytes: Buffer): Reading<FrameHead> {
  if (bytes.length < 4) return { kind: 'end' }
  const length = bytes.readUInt32LE(0)
  if (bytes.length < FRAME_BODY_AT) {
    return bytes.every((byte) => byte === 0)
      ? { kind: 'end' }
      : bad('the frame header is cut short')
  }
  if (length === 0) {
    const blank = bytes.subarray(0, FRAME_BODY_AT).every((byte) => byte === 0)
    return blank ? { kind: 'end' } : bad('the frame length is missing')
  }
  if (headCrc(bytes) !== bytes.readUInt32LE(FRAME_HEAD_BYTES)) {
    return bad('the frame header checksum does not match')
  }
  if (length < FRAME_OVERHEAD || length > FRAME_BYTES_MAX)
    return bad('the frame length is impossible')
  const type = TYPE_NAMES.get(bytes[4] ?? 0)
  const flags = bytes[FLAGS_AT] ?? 0
  const state = bytes[STATE_AT] ?? 0
  if (type === undefined) return { kind: 'unknown', reason: `frame type ${bytes[4]} is not known` }
  const coding = codingOf(flags)
  if ((flags & ~FLAGS_KNOWN) !== 0 || coding === null)
    return { kind: 'unknown', reason: `frame flags ${flags} are not known` }
  if (state > STATE_ERASED) return { kind: 'unknown', reason: `frame state ${state} is not known` }
  const recordEnd = bytes.indexOf(0, 16)
  const isBlock = type === 'block' || type === 'list'
  return {
    kind: 'ok',
    value: {
      length,
      type,
      erased: state === STATE_ERASED,
      classIndex: bytes[6] ?? 0,
      coding,
      startsGroup: (flags & FLAG_GROUP) !== 0,
      ordinal: bytes.readUInt32LE(8),
      plainLength: bytes.readUInt32LE(12),
      record: bytes.toString('latin1', 16, Math.min(recordEnd < 0 ? 48 : recordEnd, 48)),
      blockId: isBlock ? bytes.toString('hex', 48, FRAME_HEAD_BYTES) : '',
    },
  }
}

/** Checksum over everything after the header; an erased frame has none to check. */
export function bodyCrcMatches(frame: Buffer): boolean {
  const end = frame.length - 4
  return crc32(frame.subarray(FRAME_BODY_AT, end)) === frame.readUInt32LE(end)
}

export function writeBodyCrc(frame: Buffer): void {
  const end = frame.length - 4
  frame.writeUInt32LE(crc32(frame.subarray(FRAME_BODY_AT, end)), end)
}

/**
 * SHA-256 of the frame as it was sealed (state and group mark not set), in hexadecimal: what the transparency log holds of it. An
 * erased frame keeps it where its wrapped data key was, so that digests over several frames can still be computed.
 */
export function frameDigest(frame: Buffer): string {
  if (frame[STATE_AT] === STATE_ERASED)
    return frame.toString('hex', FRAME_BODY_AT, FRAME_BODY_AT + WRAPPED_KEY_BYTES)
  const flags = frame[FLAGS_AT] ?? 0
  if ((flags & FLAG_GROUP) === 0) return hash('sha256', frame, 'hex')
  const sealed = Buffer.from(frame)
  sealed[FLAGS_AT] = flags & ~FLAG_GROUP
  sealed.writeUInt32LE(crc32(sealed.subarray(0, FRAME_HEAD_BYTES)), FRAME_HEAD_BYTES)
  return hash('sha256', sealed, 'hex')
}

/** What is written over a live frame from its state byte on to erase it: nothing of key, payload and tag stays. */
export function blankFrame(frame: Buffer): Buffer {
  const blank = Buffer.alloc(frame.length)
  frame.copy(blank, 0, 0, FRAME_BODY_AT)
  blank[STATE_AT] = STATE_ERASED
  blank.write(frameDigest(frame), FRAME_BODY_AT, 'hex')
  return blank
}

/** Whether nothing stands in an erased frame behind its digest. */
export function isBlanked(frame: Buffer): boolean {
  for (let at = CIPHERTEXT_AT; at < frame.length; at += ZEROS.length) {
    const part = frame.subarray(at, at + ZEROS.length)
    if (!part.equals(ZEROS.subarray(0, part.length))) return false
  }
  return true
}
