/** Turns a request body into the frames that are not stored yet and the layout that refers to all of them. */
import { promisify } from 'node:util'
import { zstdCompress } from 'node:zlib'
import type { BlockSpan } from '../model/dialect.ts'
import type { BlockKey } from './block-ids.ts'
import type { BlockDirectory } from './block-directory.ts'
import type { BodyCache } from './body-cache.ts'
import { cutBody, encodeList, ropeOf, type BodyPart, type CutBody } from './body-parts.ts'
import { contentOf, draftOf } from './drafts.ts'
import { ZSTD_OPTIONS, type FrameContent } from './epoch-keys.ts'
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
  /** Compressed forms of large new blocks, by block id. */
  readonly packed: ReadonlyMap<string, Buffer>
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
    const body = cutBody(this.#key, this.#cache, scope, bytes, spans)
    const missing = this.#missing(body.parts, retentionClass)
    const first = body.parts[0]
    const firstIsKnown = first !== undefined && this.#directory.has(retentionClass, first.key)
    const large = missing.filter((part) => part.end - part.start >= COMPRESS_ASIDE_MIN)
    const asks = this.#directory.mayKnow(missing.length, firstIsKnown)
    if (!asks && !large.some((part) => part.kind === 'block')) {
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
    const packed = new Map<string, Buffer>()
    for (const part of this.#missing(body.parts, retentionClass)) {
      if (part.kind === 'list' || part.end - part.start < COMPRESS_ASIDE_MIN) continue
      const plain = body.bytes.subarray(part.start, part.end)
      packed.set(part.key, await compressAside(plain, ZSTD_OPTIONS))
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

function frameOf(
  body: CutBody,
  part: BodyPart,
  record: string,
  packed: Buffer | null,
): FrameContent {
  if (part.kind === 'list') {
    return contentOf('list', record, encodeList(body.bytes, part.children), part.id)
  }
  const plain = body.bytes.subarray(part.start, part.end)
  if (packed === null) return contentOf('block', record, plain, part.id)
  const smaller = packed.length < plain.length
  return {
    type: 'block',
    record,
    blockId: part.id,
    plainLength: plain.length,
    payload: smaller ? packed : plain,
    coding: smaller ? 'zstd' : 'plain',
    commitment: '',
  }
}
