/** The keys of one segment, one per retention class: makes them, wraps them, seals and opens frames with them. */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  randomBytes,
  type Cipheriv,
  type KeyObject,
} from 'node:crypto'
import {
  constants,
  deflateRawSync,
  inflateRawSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib'
import type { InstanceId } from '../lib/ids.ts'
import { unwrapUnder, type KeyProvider } from './key-provider.ts'
import { fillKey } from './random-pool.ts'
import {
  CIPHERTEXT_AT,
  copyAuthenticatedHead,
  FRAME_BODY_AT,
  FRAME_BYTES_MAX,
  FRAME_HEAD_BYTES,
  FRAME_OVERHEAD,
  TAG_BYTES,
  writeBodyCrc,
  writeFrameHead,
  type Coding,
  type FrameHead,
  type FrameType,
  type WrappedEpochKey,
} from './segment-format.ts'

const KEY_BYTES = 32
/**
 * Bytes below which a payload stays as it is. A compressor has to be made for each payload, which costs as much for two
 * kilobytes as sealing and writing the whole exchange, and a thousand bytes of disk are all it wins.
 */
const COMPRESS_MIN = 3072
/**
 * Below this, deflate with a small window makes about the same size in half the time: a zstd context costs more to make
 * than a few kilobytes cost to compress (measured in `bench/recorder.ts`).
 */
const ZSTD_MIN = 32_768
const DEFLATE_OPTIONS = { level: 1, windowBits: 13, memLevel: 5, chunkSize: 4096 }
export const ZSTD_OPTIONS = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

export interface SegmentIdentity {
  readonly instance: InstanceId
  readonly segment: number
}

/** As a segment's header has them, or the file beside it after the root key was rotated. */
export interface WrappedEpochKeys {
  /** Id of the root key. */
  readonly provider: string
  readonly epochKeys: readonly WrappedEpochKey[]
}

interface ClassKey {
  readonly retentionClass: string
  readonly key: KeyObject
  /** One key stream for all wrapped keys of the segment: a cipher object for each would cost more than its work. */
  readonly wrapper: WrapStream
  /** Constant part of the authenticated data, then room for a frame header. */
  readonly aad: Buffer
  readonly aadHeadAt: number
}

const WRAP_BLOCKS = KEY_BYTES / 16
/** Ordinals whose key stream is made in one call: a call for each would cost more than the cipher's work. */
const STREAM_ORDINALS = 64
const ZEROS = Buffer.alloc(STREAM_ORDINALS * KEY_BYTES)

/** The counter block at which the key stream of an ordinal begins (NIST SP 800-38A, 6.5): two blocks for each. */
function wrapCounter(ordinal: number): Buffer {
  const counter = Buffer.alloc(16)
  counter.writeBigUInt64BE(BigInt(ordinal) * BigInt(WRAP_BLOCKS), 8)
  return counter
}

/**
 * Wraps data keys with AES-256-CTR under the epoch key. The frame's own AES-GCM tag authenticates the key: a wrapped
 * key that was changed gives another data key, and that opens nothing.
 */
class WrapStream {
  readonly #key: KeyObject
  #cipher: Cipheriv | null = null
  #stream = ZEROS
  /** The stretch of ordinals that `#stream` is for. */
  #stretch = -1

  constructor(key: KeyObject) {
    this.#key = key
  }

  /** Writes the wrapped key into `target`. Each ordinal is wrapped once; those between belong to other classes. */
  wrap(dataKey: Buffer, ordinal: number, target: Buffer, at: number): void {
    const stretch = Math.floor(ordinal / STREAM_ORDINALS)
    if (stretch !== this.#stretch) this.#advance(stretch)
    const from = (ordinal % STREAM_ORDINALS) * KEY_BYTES
    for (let i = 0; i < KEY_BYTES; i += 1)
      target[at + i] = (dataKey[i] ?? 0) ^ (this.#stream[from + i] ?? 0)
  }

  #advance(stretch: number): void {
    if (this.#cipher === null || stretch !== this.#stretch + 1) {
      const counter = wrapCounter(stretch * STREAM_ORDINALS)
      this.#cipher = createCipheriv('aes-256-ctr', this.#key, counter)
    }
    this.#stream = this.#cipher.update(ZEROS)
    this.#stretch = stretch
  }

  unwrap(wrapped: Buffer, ordinal: number): Buffer {
    return createDecipheriv('aes-256-ctr', this.#key, wrapCounter(ordinal)).update(wrapped)
  }
}

/** What is authenticated when an epoch key is wrapped: the key works in no other segment and for no other class. */
export function epochKeyAad(segment: SegmentIdentity, retentionClass: string): Buffer {
  return Buffer.from(
    `custody/epoch-key/v1\0${segment.instance}\0${segment.segment}\0${retentionClass}`,
  )
}

function classKey(segment: SegmentIdentity, retentionClass: string, key: Buffer): ClassKey {
  const prefix = Buffer.from(
    `custody/frame/v1\0${segment.instance}\0${segment.segment}\0${retentionClass}\0`,
  )
  const secret = createSecretKey(key)
  return {
    retentionClass,
    key: secret,
    wrapper: new WrapStream(secret),
    aad: Buffer.concat([prefix, Buffer.alloc(FRAME_HEAD_BYTES)]),
    aadHeadAt: prefix.length,
  }
}

export interface FrameContent {
  readonly type: FrameType
  readonly record: string
  readonly blockId: Buffer | null
  readonly plainLength: number
  readonly payload: Buffer
  readonly coding: Coding
  /** SHA-256 of the plain payload in hexadecimal, of frames that have a leaf of their own; else empty. */
  readonly commitment: string
}

export interface Packed {
  readonly payload: Buffer
  readonly coding: Coding
}

/** Compresses when that helps. */
export function packContent(plain: Buffer): Packed {
  if (plain.length < COMPRESS_MIN) return { payload: plain, coding: 'plain' }
  const coding = plain.length < ZSTD_MIN ? 'deflate' : 'zstd'
  const smaller =
    coding === 'zstd'
      ? zstdCompressSync(plain, ZSTD_OPTIONS)
      : deflateRawSync(plain, DEFLATE_OPTIONS)
  return packedAs(coding, plain, smaller)
}

export function packedAs(coding: Coding, plain: Buffer, smaller: Buffer): Packed {
  return smaller.length < plain.length
    ? { payload: smaller, coding }
    : { payload: plain, coding: 'plain' }
}

function unpackContent(payload: Buffer, head: FrameHead): Buffer {
  // One byte more than promised is room enough to notice a payload that is too long.
  const limit = { maxOutputLength: head.plainLength + 1 }
  if (head.coding === 'zstd') return zstdDecompressSync(payload, limit)
  if (head.coding === 'deflate') return inflateRawSync(payload, limit)
  return payload
}

export class EpochKeys {
  readonly #classes: readonly ClassKey[]
  readonly #indexes: ReadonlyMap<string, number>
  readonly #dek = Buffer.alloc(KEY_BYTES)
  readonly #dataNonce = Buffer.from([0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0])

  private constructor(classes: readonly ClassKey[]) {
    this.#classes = classes
    this.#indexes = new Map(classes.map((entry, index) => [entry.retentionClass, index]))
  }

  static async make(
    segment: SegmentIdentity,
    retentionClasses: readonly string[],
    provider: KeyProvider,
  ): Promise<{ readonly keys: EpochKeys; readonly wrapped: WrappedEpochKeys }> {
    const root = provider.active()
    const classes: ClassKey[] = []
    const wrapped: WrappedEpochKey[] = []
    for (const retentionClass of retentionClasses) {
      const key = randomBytes(KEY_BYTES)
      classes.push(classKey(segment, retentionClass, key))
      const sealed = await root.wrap(key, epochKeyAad(segment, retentionClass))
      wrapped.push({ retentionClass, wrapped: sealed })
      key.fill(0)
    }
    return { keys: new EpochKeys(classes), wrapped: { provider: root.id, epochKeys: wrapped } }
  }

  /** Rejects when the root key is not there or a key was changed. */
  static async unwrap(
    segment: SegmentIdentity,
    { provider: id, epochKeys }: WrappedEpochKeys,
    provider: KeyProvider,
  ): Promise<EpochKeys> {
    const classes: ClassKey[] = []
    for (const { retentionClass, wrapped } of epochKeys) {
      const key = await unwrapUnder(provider, id, wrapped, epochKeyAad(segment, retentionClass))
      classes.push(classKey(segment, retentionClass, key))
    }
    return new EpochKeys(classes)
  }

  has(retentionClass: string): boolean {
    return this.#indexes.has(retentionClass)
  }

  className(index: number): string | null {
    return this.#classes[index]?.retentionClass ?? null
  }

  /**
   * Makes the whole frame. Each frame has a fresh data key, and an ordinal is used once per segment, so nonces made
   * of the ordinal never repeat under a key.
   */
  seal(content: FrameContent, retentionClass: string, ordinal: number): Buffer {
    const classIndex = this.#indexes.get(retentionClass)
    const owner = classIndex === undefined ? undefined : this.#classes[classIndex]
    if (classIndex === undefined || owner === undefined) {
      throw new Error(`the segment has no key for the retention class ${retentionClass}`)
    }
    const length = FRAME_OVERHEAD + content.payload.length
    if (length > FRAME_BYTES_MAX) throw new Error('the payload is too large for a frame')
    const frame = Buffer.allocUnsafe(length)
    const { type, coding, plainLength, record, blockId } = content
    const head = { length, type, classIndex, coding, ordinal, plainLength, record, blockId }
    writeFrameHead(frame, head)
    copyAuthenticatedHead(frame, owner.aad, owner.aadHeadAt)
    fillKey(this.#dek)
    owner.wrapper.wrap(this.#dek, ordinal, frame, FRAME_BODY_AT)
    this.#dataNonce.writeUInt32LE(ordinal, 4)
    const cipher = createCipheriv('aes-256-gcm', createSecretKey(this.#dek), this.#dataNonce)
    cipher.setAAD(owner.aad)
    cipher.update(content.payload).copy(frame, CIPHERTEXT_AT)
    cipher.final()
    cipher.getAuthTag().copy(frame, length - TAG_BYTES - 4)
    writeBodyCrc(frame)
    return frame
  }

  /** The plain payload. Throws when any authenticated byte was changed. */
  open(frame: Buffer, head: FrameHead): Buffer {
    const owner = this.#classes[head.classIndex]
    if (owner === undefined) throw new Error('the frame names a key that the segment does not have')
    copyAuthenticatedHead(frame, owner.aad, owner.aadHeadAt)
    const dek = owner.wrapper.unwrap(frame.subarray(FRAME_BODY_AT, CIPHERTEXT_AT), head.ordinal)
    this.#dataNonce.writeUInt32LE(head.ordinal, 4)
    const decipher = createDecipheriv('aes-256-gcm', createSecretKey(dek), this.#dataNonce)
    decipher.setAAD(owner.aad)
    const tagAt = frame.length - TAG_BYTES - 4
    decipher.setAuthTag(frame.subarray(tagAt, tagAt + TAG_BYTES))
    const payload = decipher.update(frame.subarray(CIPHERTEXT_AT, tagAt))
    decipher.final()
    const plain = unpackContent(payload, head)
    if (plain.length !== head.plainLength)
      throw new Error('the payload has another length than the header says')
    return plain
  }
}
