/** Gathers what is left of an exchange that was open when its gateway died, and the closing that it is given. */
import { createHash } from 'node:crypto'
import { EMPTY_USAGE } from '../model/dialect.ts'
import type { ClosingFacts, ExchangeRow } from '../model/record.ts'
import { contentOf } from './drafts.ts'
import type { FrameContent } from './epoch-keys.ts'
import {
  packCommitted,
  readChunks,
  splitChunks,
  type ChunksPayload,
  type ClosingPayload,
  type StoredStream,
} from './payloads.ts'
import type { OpenedFrame } from './segment-files.ts'

/** What was found of an exchange without an end. */
export class Remains {
  readonly row: ExchangeRow
  readonly #lanes = {
    request: { bytes: 0, digest: createHash('sha256'), frames: [] as [number, number][] },
    answer: { bytes: 0, digest: createHash('sha256'), frames: [] as [number, number][] },
  }
  storedBytes: number
  lastMs = 0
  firstByteMs: number | null = null
  status: number | null = null

  constructor(row: ExchangeRow) {
    this.row = row
    this.storedBytes = row.storedBytes
  }

  add(
    type: 'request' | 'answer',
    { address, head }: OpenedFrame,
    payload: ChunksPayload,
    section: Buffer,
  ): void {
    const lane = this.#lanes[type]
    // Noted already, where the pass begins before the note; or written twice, because the first segment failed.
    if (payload.seq < lane.frames.length) return
    lane.frames.push([address.segment, address.offset])
    this.storedBytes += head.length
    lane.digest.update(section)
    lane.bytes += section.length
    for (const chunk of splitChunks(payload.chunks, section)) {
      const ms = chunk.atUs / 1000
      this.lastMs = Math.max(this.lastMs, ms)
      if (type === 'answer') this.firstByteMs ??= ms
    }
    if (payload.head !== undefined) this.status = payload.head.status
  }

  stream(type: 'request' | 'answer'): StoredStream {
    const { bytes, digest, frames } = this.#lanes[type]
    return { bytes, sha256: digest.copy().digest('hex'), frames }
  }

  facts(): ClosingFacts {
    const durationMs = Math.round(this.lastMs * 1000) / 1000
    const answerBytes = this.stream('answer').bytes
    return {
      endedAtMs: this.row.receivedAtMs + Math.round(durationMs),
      state: 'interrupted',
      outcome: 'crashed',
      errorCode: null,
      status: this.status,
      upstreamStatus: this.status,
      upstreamAddress: null,
      answerBytes,
      releasedBytes: answerBytes,
      firstByteMs: this.firstByteMs,
      durationMs,
      finishReason: null,
      responseId: null,
      responseModel: null,
      usage: EMPTY_USAGE,
      answerSplices: [],
    }
  }

  closing(): FrameContent {
    const payload: ClosingPayload = {
      facts: this.facts(),
      opening: [this.row.openSegment, this.row.openOffset],
      request: this.stream('request'),
      answer: this.stream('answer'),
      tail: null,
      lostBytes: 0,
      storedBefore: this.storedBytes,
    }
    return contentOf('closing', this.row.id, packCommitted(payload, []))
  }
}

export function addFrame(owner: Remains, opened: OpenedFrame): void {
  const { head, plain } = opened
  if (plain === null || (head.type !== 'request' && head.type !== 'answer')) return
  const { head: payload, rest } = readChunks(plain)
  owner.add(head.type, opened, payload, rest)
}
