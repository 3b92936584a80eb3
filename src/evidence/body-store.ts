/** Turns a request body into the frames that are not stored yet and the layout that refers to all of them. */
import { promisify } from 'node:util'
import { zstdCompress } from 'node:zlib'
import { inTurns } from '../lib/turns.ts'
import type { Work } from '../lib/turns.ts'
import type { BlockSpan } from '../model/dialect.ts'
import type { BlockKey } from './block-ids.ts'
import type { BlockDirectory } from './block-directory.ts'
import type { BodyCache } from './body-cache.ts'
import { cutting, encodeList, ropeOf, type BodyPart, type CutBody } from './body-parts.ts'
import { contentOf, draftOf } from './drafts.ts'
import {
  packContent,
  packedAs,
  ZSTD_OPTIONS,
  type FrameContent,
  type Packed,
} from './epoch-keys.ts'
import type { FrameDraft } from './journal.ts'
import { encodeRope } from './rope.ts'

/** Larger blocks are compressed in the thread pool, so that the loop does not stall. */
const COMPRESS_ASIDE_MIN = 65_536
const compressAside = promisify(zstdCompress)

export interface BlockDraft {
  readonly draft: FrameDraft
  readonly key: string
  readonly bytes: number
  readonly part: BodyPart
  /** Of the body; `part` says which of them. */
  readonly body: Buffer
}

export interface PreparedBody {
  readonly body: CutBody
  readonly retentionClass: string
  /** Compressed forms of new blocks, by block id, of bodies with much that is new. */
  readonly packed: ReadonlyMap<string, Packed>
}

export class BodyStore {
  readonly #key: BlockKey
  readonly #cache: BodyCache
  readonly #directory: BlockDirectory

  constructor(key: BlockKey, cache: BodyCache, directory: BlockDirectory) {
    this.#key = key
    this.#cache = cache
    this.#directory = directory
  }

  /** Cuts and hashes. A promise only when the index or the thread pool is needed. */
  prepare(
    bytes: Buffer,
    spans: readonly BlockSpan[],
    principal: string,
    retentionClass: string,
  ): PreparedBody | Promise<PreparedBody> {
    const scope = `${retentionClass}\0${principal}`
    const cut = inTurns(cutting(this.#key, this.#cache, scope, bytes, spans))
    return cut instanceof Promise
      ? cut.then((body) => this.#prepared(body, retentionClass))
      : this.#prepared(cut, retentionClass)
  }

  #prepared(body: CutBody, retentionClass: string): PreparedBody | Promise<PreparedBody> {
    const missing = this.#missing(body.parts, retentionClass)
    const first = body.parts[0]
    const firstIsKnown = first !== undefined && this.#directory.has(retentionClass, first.key)
    const asks = this.#directory.mayKnow(missing.length, firstIsKnown)
    if (!asks && newBytes(missing) < COMPRESS_ASIDE_MIN) {
      return { body, retentionClass, packed: new Map() }
    }
    return this.#prepareAside(body, retentionClass, asks ? missing : [])
  }

  async #prepareAside(
    body: CutBody,
    retentionClass: string,
    ask: readonly BodyPart[],
  ): Promise<PreparedBody> {
    if (ask.length > 0) {
      await this.#directory.recall(
        retentionClass,
        ask.map((part) => part.key),
      )
    }
    const packed = new Map<string, Packed>()
    const missing = this.#missing(body.parts, retentionClass)
    if (newBytes(missing) >= COMPRESS_ASIDE_MIN) {
      for (const part of missing) {
        if (part.kind === 'list' || part.end - part.start < COMPRESS_ASIDE_MIN) continue
        const plain = body.bytes.subarray(part.start, part.end)
        packed.set(part.key, packedAs('zstd', plain, await compressAside(plain, ZSTD_OPTIONS)))
      }
      await inTurns(packing(body.bytes, missing, packed))
    }
    return { body, retentionClass, packed }
  }

  /** Blocks and lists below `parts` that are not stored; children before the lists that hold them. */
  #missing(parts: readonly BodyPart[], retentionClass: string): BodyPart[] {
    const missing: BodyPart[] = []
    for (const part of parts) {
      if (this.#directory.has(retentionClass, part.key)) continue
      if (part.kind === 'list') missing.push(...this.#missing(part.children, retentionClass))
      missing.push(part)
    }
    return missing
  }

  /** Frames for what is not stored, claimed at once: append them in the same tick. */
  draft(prepared: PreparedBody, record: string): readonly BlockDraft[] {
    const { body, retentionClass, packed } = prepared
    const drafts: BlockDraft[] = []
    for (const part of this.#missing(body.parts, retentionClass)) {
      if (this.#directory.has(retentionClass, part.key)) continue
      const content = frameOf(body, part, record, packed.get(part.key) ?? null)
      const draft = draftOf(content)
      drafts.push({ draft, key: part.key, bytes: content.plainLength, part, body: body.bytes })
      this.#directory.claim(retentionClass, part.key)
    }
    return drafts
  }

  layout(prepared: PreparedBody): Buffer {
    return encodeRope(ropeOf(prepared.body))
  }
}

function newBytes(missing: readonly BodyPart[]): number {
  return missing.reduce(
    (sum, { kind, start, end }) => sum + (kind === 'block' ? end - start : 0),
    0,
  )
}

/** Compresses those blocks that are not compressed yet. */
function* packing(
  bytes: Buffer,
  missing: readonly BodyPart[],
  packed: Map<string, Packed>,
): Work<void> {
  for (const { kind, key, start, end } of missing) {
    if (kind === 'list' || packed.has(key)) continue
    packed.set(key, packContent(bytes.subarray(start, end)))
    yield
  }
}

function frameOf(
  body: CutBody,
  part: BodyPart,
  record: string,
  packed: Packed | null,
): FrameContent {
  if (part.kind === 'list') {
    return contentOf('list', record, encodeList(body.bytes, part.children), part.id)
  }
  const plain = body.bytes.subarray(part.start, part.end)
  if (packed === null) return contentOf('block', record, plain, part.id)
  const plainLength = plain.length
  return { type: 'block', record, blockId: part.id, plainLength, ...packed, commitment: '' }
}
