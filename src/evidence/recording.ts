/** One open exchange: gathers its chunks into frames and writes its end. */
import type { ExchangeId } from '../lib/ids.ts'
import { fail } from '../model/errors.ts'
import type { AnswerHead, ClosingFacts, ExchangeRow, OpeningFacts } from '../model/record.ts'
import type { Recording } from '../model/recorder.ts'
import { ChunkLane, type TakenChunks } from './chunk-lane.ts'
import { contentOf, draftOf, lengthOf, letGo } from './drafts.ts'
import type { FrameDraft, Ticket } from './journal.ts'
import { isBefore, type Place } from './index-feed.ts'
import { KeptAnswer } from './kept-answer.ts'
import type { RecordTap, TappedAnswer } from './record-tap.ts'
import { packCommitted, packPayload, type ClosingPayload } from './payloads.ts'
import { closedRow, openRow } from './rows.ts'

export interface ClosedExchange {
  readonly row: ExchangeRow
  /** What was found in the answer. */
  readonly answer: ClosingFacts['findings']
  readonly closing: FrameDraft
  /** Those of the streams, in the order they were written. */
  readonly frames: readonly FrameDraft[]
  /** Null where it was not kept. */
  readonly kept: TappedAnswer | null
}

/** What a recording needs of the recorder. */
export interface RecordingDesk {
  /** Hands frames to the journal. `now` commits at once, else within the stream interval. */
  readonly submit: (ticket: Ticket, now: boolean) => void
  /** Commits at once what was handed over before. */
  readonly kick: () => void
  /** The recording has chunks to be flushed within the stream interval. */
  readonly markDirty: (recording: OpenRecording) => void
  /** The closing is durable. */
  readonly closed: (recording: OpenRecording, closed: ClosedExchange) => void
  /** False while no segment works and the memory for what waits is used up. */
  readonly mayKeep: (bytes: number) => boolean
  readonly frameBytesMax: number
  readonly tap: Pick<RecordTap, 'keep' | 'release'>
}

export interface OpenedExchange {
  readonly facts: OpeningFacts
  readonly opening: FrameDraft
  /** The opening and the blocks stored with it. */
  readonly drafts: readonly FrameDraft[]
  /** Of a whole body. */
  readonly requestBytes: number
  /** Monotonic time that chunk times count from. */
  readonly openedMonotonicMs: number
}

interface Waiter {
  readonly ticket: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** Memory of a frame besides its chunks, roughly. */
const FRAME_MEMORY = 1024

export class OpenRecording implements Recording {
  readonly gap = false
  readonly #desk: RecordingDesk
  readonly #opened: OpenedExchange
  readonly #request = new ChunkLane('request')
  readonly #answer = new ChunkLane('answer')
  readonly #frames: FrameDraft[] = []
  readonly #kept: KeptAnswer
  #unsyncedBytes = 0
  #lostBytes = 0
  #ticketsSubmitted = 0
  #ticketsDurable = 0
  #waiters: Waiter[] = []
  #listeners: ((error: Error) => void)[] = []
  #failed = false
  #isClosed = false

  constructor(desk: RecordingDesk, opened: OpenedExchange) {
    this.#desk = desk
    this.#opened = opened
    this.#kept = new KeptAnswer(desk.tap)
  }

  get facts(): OpeningFacts {
    return this.#opened.facts
  }

  /** Where the frames of its streams lie, as far as they lie before a place. */
  readonly framesBefore = (place: Place): readonly (readonly [number, number])[] =>
    this.#frames.flatMap(({ address }) =>
      address === null || !isBefore(address, place) ? [] : [[address.segment, address.offset]],
    )

  get lostBytes(): number {
    return this.#lostBytes
  }

  get id(): ExchangeId {
    return this.#opened.facts.id
  }

  /** As it is while the exchange is open. Frames may move until they are durable, so it is made when asked for. */
  row(): ExchangeRow {
    const { facts, opening, drafts, requestBytes } = this.#opened
    if (opening.address === null) throw new Error('the opening has no place')
    const storedBytes = lengthOf(drafts)
    return openRow(facts, { address: opening.address, requestBytes, storedBytes })
  }

  requestChunk(bytes: Buffer, atMs: number): void {
    this.#push(this.#request, bytes, atMs)
  }

  answerHead(head: AnswerHead, origin: 'upstream' | 'gateway', atMs: number): void {
    this.#answer.setHead({ ...head, origin, atUs: this.#sinceOpenUs(atMs) })
    this.#kept.setHead(head)
    this.#desk.markDirty(this)
  }

  answerChunk(bytes: Buffer, atMs: number): void {
    if (bytes.length === 0) return
    if (this.#push(this.#answer, bytes, atMs)) this.#kept.push(bytes)
    else this.#kept.drop()
  }

  durable(): Promise<void> {
    if (this.#failed) return this.#afterFailure()
    this.flush(true)
    this.#desk.kick()
    return this.#untilDurable()
  }

  pendingBytes(): number {
    return this.#unsyncedBytes
  }

  onFailure(listener: (error: Error) => void): void {
    if (this.#failed && !this.#isBestEffort) listener(fail('evidence.failed'))
    else this.#listeners.push(listener)
  }

  close(facts: ClosingFacts): Promise<void> {
    if (this.#isClosed) return Promise.reject(fail('internal', 'The recording was closed before.'))
    this.#isClosed = true
    if (this.#request.isWaiting) this.#submitLane(this.#request, false)
    if (this.#answer.waitingBytes > this.#desk.frameBytesMax) this.#submitLane(this.#answer, false)
    const tail = this.#answer.take()
    let written = facts
    const draft: FrameDraft = {
      content: () => {
        written = this.#factsNow(facts)
        return contentOf('closing', this.id, this.#closingPayload(written, tail))
      },
      address: null,
      length: 0,
      digest: '',
      commitment: '',
    }
    this.#submit([draft], tail?.bytes ?? 0, true, () => {
      // Made now: asked for later it would keep all of the exchange until then.
      const row = this.#finalRow(written, draft)
      const frames = this.#frames
      const kept = this.#request.bytes === 0 ? this.#kept.take() : null
      this.#kept.drop()
      this.#listeners = []
      this.#desk.closed(this, { row, answer: written.findings, closing: draft, frames, kept })
    })
    return this.#failed ? this.#afterFailure() : this.#untilDurable()
  }

  /** Turns what waits into frames. */
  flush(now: boolean): void {
    if (this.#request.isWaiting) this.#submitLane(this.#request, now)
    if (this.#answer.isWaiting) this.#submitLane(this.#answer, now)
  }

  /** No segment works. What was handed over stays in memory and is written when one does. */
  failNow(): void {
    if (this.#failed) return
    this.#failed = true
    const error = fail('evidence.failed')
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) {
      if (this.#isBestEffort) waiter.resolve()
      else waiter.reject(error)
    }
    if (this.#isBestEffort) return
    for (const listener of this.#listeners) listener(error)
    this.#listeners = []
  }

  /** Segments work again: a best-effort recording goes on, a strict one has told its relay to stop. */
  recover(): void {
    if (this.#isBestEffort) this.#failed = false
  }

  get #isBestEffort(): boolean {
    return this.#opened.facts.mode === 'best-effort'
  }

  #afterFailure(): Promise<void> {
    return this.#isBestEffort ? Promise.resolve() : Promise.reject(fail('evidence.failed'))
  }

  #sinceOpenUs(atMs: number): number {
    return Math.max(0, Math.round((atMs - this.#opened.openedMonotonicMs) * 1000))
  }

  /** False when the bytes were not taken. */
  #push(lane: ChunkLane, bytes: Buffer, atMs: number): boolean {
    if (this.#isClosed || bytes.length === 0) return false
    if (this.#failed && !this.#desk.mayKeep(bytes.length)) {
      this.#lostBytes += bytes.length
      return false
    }
    lane.push(bytes, this.#sinceOpenUs(atMs))
    this.#unsyncedBytes += bytes.length
    if (lane.waitingBytes >= this.#desk.frameBytesMax) this.#submitLane(lane, false)
    else this.#desk.markDirty(this)
    return true
  }

  #submitLane(lane: ChunkLane, now: boolean): void {
    const taken = lane.take()
    if (taken === null) return
    const plain = packPayload(taken.payload, taken.sections)
    const draft = draftOf(contentOf(lane.type, this.id, plain))
    lane.addFrame(draft)
    this.#frames.push(draft)
    this.#submit([draft], taken.bytes, now, () => {})
  }

  #submit(drafts: readonly FrameDraft[], bytes: number, now: boolean, then: () => void): void {
    this.#ticketsSubmitted += 1
    const ticket: Ticket = {
      drafts,
      retentionClass: this.#opened.facts.retentionClass,
      bytes: bytes + FRAME_MEMORY,
      placed: false,
      onDurable: () => {
        this.#ticketsDurable += 1
        this.#unsyncedBytes -= bytes
        letGo(drafts)
        then()
        this.#wake()
      },
    }
    this.#desk.submit(ticket, now)
  }

  #untilDurable(): Promise<void> {
    if (this.#ticketsDurable === this.#ticketsSubmitted) return Promise.resolve()
    const ticket = this.#ticketsSubmitted
    return new Promise((resolve, reject) => {
      this.#waiters.push({ ticket, resolve, reject })
    })
  }

  #wake(): void {
    while (this.#waiters.length > 0) {
      const waiter = this.#waiters[0]
      if (waiter === undefined || waiter.ticket > this.#ticketsDurable) return
      this.#waiters.shift()
      waiter.resolve()
    }
  }

  /** A close that was not acknowledged in time says so: the caller was never given the end. */
  #factsNow(facts: ClosingFacts): ClosingFacts {
    if (!this.#failed || this.#isBestEffort || facts.state !== 'complete') return facts
    return {
      ...facts,
      state: 'interrupted',
      outcome: 'evidence-failed',
      errorCode: 'evidence.failed',
    }
  }

  #closingPayload(facts: ClosingFacts, tail: TakenChunks | null): Buffer {
    const at = this.#opened.opening.address
    if (at === null) throw new Error('the opening has no place')
    const payload: ClosingPayload = {
      facts,
      opening: [at.segment, at.offset],
      request: this.#request.stored(),
      answer: this.#answer.stored(),
      tail: tail?.payload ?? null,
      lostBytes: this.#lostBytes,
      storedBefore: this.#storedBefore(),
    }
    return packCommitted(payload, tail?.sections ?? [])
  }

  #finalRow(facts: ClosingFacts, draft: FrameDraft): ExchangeRow {
    if (draft.address === null) throw new Error('the closing has no place')
    return closedRow(this.row(), facts, {
      address: draft.address,
      requestBytes: this.#opened.requestBytes + this.#request.bytes,
      storedBytes: this.#storedBefore() + draft.length,
    })
  }

  #storedBefore(): number {
    return lengthOf(this.#opened.drafts) + lengthOf(this.#frames)
  }
}
