/** The recorder: opens recordings, keeps the promise that nothing is forwarded unrecorded, and watches the disk. */
import type { Clock } from '../lib/clock.ts'
import { newEventId, type InstanceId } from '../lib/ids.ts'
import { fail } from '../model/errors.ts'
import type { ClosingFacts, EvidenceEvent, ExchangeRow, OpeningFacts } from '../model/record.ts'
import type { Opening, Recorder, RecorderHealth, Recording } from '../model/recorder.ts'
import type { BlockDraft, BodyStore, PreparedBody } from './body-store.ts'
import type { Disk } from './disk.ts'
import { contentOf, draftOf, lengthOf } from './drafts.ts'
import type { EvidenceLog } from './evidence-log.ts'
import type { NewFindings } from './finding-rows.ts'
import { GapLedger } from './gap-ledger.ts'
import type { EvidenceObserver } from './observer.ts'
import { gapRecording } from './gap-recording.ts'
import type { IndexWriter } from './index-writer.ts'
import type { FrameDraft, Journal, Ticket } from './journal.ts'
import type { OpenFramesFile } from './open-frames.ts'
import type { EvidenceLimits } from './limits.ts'
import {
  packCommitted,
  packOpening,
  type OpeningPayload,
  type RefusalPayload,
  type StoredBody,
} from './payloads.ts'
import { tellOpening, type RecordTap } from './record-tap.ts'
import { refusalRoom, withoutBody } from './refusal-room.ts'
import { OpenRecording, type RecordingDesk } from './recording.ts'
import { closedRow, openRow } from './rows.ts'
import { WaitingRecordings } from './waiting-recordings.ts'
import { unopenedFacts } from './unopened-facts.ts'

/** Frames about the gateway itself are kept in a class of their own. */
export const EVENT_CLASS = 'custody.events'

const FRAME_MEMORY = 2048

export interface RecorderOptions {
  readonly observer: EvidenceObserver
  readonly disk: Disk
  readonly folder: string
  readonly instance: InstanceId
  readonly clock: Clock
  readonly limits: EvidenceLimits
  readonly openFrames: OpenFramesFile
  readonly bodies: BodyStore
  readonly index: IndexWriter
  /** The transparency log: a leaf for each record that became durable. */
  readonly log: EvidenceLog
  /** Told everything that became durable. */
  readonly tap: RecordTap
}

interface PendingOpen {
  readonly ticket: Ticket
  readonly blocks: readonly BlockDraft[]
  readonly recording: OpenRecording
  readonly reject: (error: Error) => void
  readonly facts: OpeningFacts
}

export class SegmentRecorder implements Recorder {
  readonly #options: RecorderOptions
  readonly #journal: Journal
  readonly #desk: RecordingDesk
  readonly #gaps = new GapLedger()
  readonly #opening = new Set<PendingOpen>()
  readonly #live = new Set<OpenRecording>()
  readonly #asides = new Set<Promise<void>>()
  readonly #waiting: WaitingRecordings
  readonly #probe: NodeJS.Timeout
  #probing = false
  #freeBytes: number | null = null
  #lastFailure = ''

  /** `makeJournal` is given what the journal must call back. */
  constructor(
    options: RecorderOptions,
    makeJournal: (callbacks: {
      readonly onSegment: (segment: number, headerDigest: string) => void
      readonly onCommit: (segment: number, end: number) => void
      readonly onFailing: (reason: string) => void
      readonly onWorking: () => void
    }) => Journal,
  ) {
    this.#options = options
    this.#journal = makeJournal({
      onSegment: (segment, digest) => options.log.segment(options.instance, segment, digest),
      onCommit: (segment, end) => {
        options.index.advance(segment, end)
        options.log.advance(segment, end)
        options.tap.advance(segment, end)
        options.openFrames.advance(segment, end, this.#live)
      },
      onFailing: (reason) => this.#onFailing(reason),
      onWorking: () => this.#onWorking(),
    })
    this.#waiting = new WaitingRecordings(options.limits.streamCommitMs, () => this.#journal.kick())
    this.#desk = {
      submit: (ticket, now) => this.#append(ticket, now),
      kick: () => this.#journal.kick(),
      markDirty: (recording) => this.#waiting.add(recording),
      closed: (recording, { row, answer, closing, frames, kept }) => {
        options.log.closed(recording.id, closing, frames)
        if (closing.address !== null) options.tap.closed(recording.facts, kept, closing.address)
        this.#onClosed(recording, row, { answer })
      },
      mayKeep: (bytes) => this.#journal.heldBytes + bytes <= options.limits.retainedBytesMax,
      frameBytesMax: options.limits.frameBytesMax,
      tap: options.tap,
    }
    this.#probe = setInterval(() => void this.look(), options.limits.probeMs)
    this.#probe.unref()
  }

  get pendingBytes(): number {
    return this.#journal.heldBytes
  }

  health(): RecorderHealth {
    const reason = this.#unreadyReason()
    return { ready: reason === '', reason, freeBytes: this.#freeBytes }
  }

  async open(opening: Opening): Promise<Recording> {
    const { facts } = opening
    const reason = this.#refusesWork()
    if (reason !== '') {
      if (facts.mode !== 'best-effort') throw fail('evidence.unavailable')
      return this.#gap(facts)
    }
    const prepared = this.#prepare(opening)
    const body = prepared instanceof Promise ? await prepared : prepared
    try {
      return await this.#openNow(opening, body)
    } catch (error) {
      if (facts.mode === 'best-effort') return this.#gap(facts)
      throw error
    }
  }

  refuse(opening: Opening, closing: ClosingFacts): void {
    const nowMs = this.#options.clock.nowMs()
    const room = refusalRoom(this.#freeBytes, this.#options.limits.freeBytesMin)
    if (room === 'none' || !this.#desk.mayKeep(0)) {
      this.#gaps.refusal(nowMs)
      return
    }
    const kept = room === 'whole' ? opening : withoutBody(opening)
    const prepared = this.#prepare(kept)
    if (!(prepared instanceof Promise)) {
      this.#refuseNow(kept, closing, prepared)
      return
    }
    const aside = prepared
      .then((body) => this.#refuseNow(kept, closing, body))
      .catch(() => this.#gaps.refusal(nowMs))
      .finally(() => this.#asides.delete(aside))
    this.#asides.add(aside)
  }

  note(event: EvidenceEvent): Promise<void> {
    const id = newEventId(event.atMs)
    const draft = draftOf(contentOf('event', id, packCommitted({ event }, [])))
    return new Promise((resolve) => {
      const onDurable = (): void => {
        if (draft.address !== null) this.#options.index.event({ id, event, ...draft.address })
        this.#options.log.event(id, event, draft)
        this.#options.tap.event(event)
        resolve()
      }
      const ticket = { drafts: [draft], retentionClass: EVENT_CLASS, bytes: FRAME_MEMORY }
      this.#append({ ...ticket, placed: false, onDurable }, true)
    })
  }

  /** Looks at the disk and gives the journal its turn. Runs by itself every `probeMs`. */
  async look(): Promise<void> {
    this.#journal.tick()
    this.#options.log.tick()
    // One look at a time: looks at a hanging disk would use up the thread pool.
    if (this.#probing) return
    this.#probing = true
    try {
      this.#freeBytes = await this.#options.disk.freeBytes(this.#options.folder)
    } catch {
      this.#freeBytes = null
    } finally {
      this.#probing = false
    }
    const reason = this.#unreadyReason()
    if (reason !== '') this.#lastFailure = reason
    else this.#reportGap()
  }

  /** Resolves when this segment is written no more. */
  leaveSegment(segment: number | null): Promise<void> {
    return this.#journal.leave(segment)
  }

  /** Makes everything handed over durable and seals the segment. */
  async close(): Promise<void> {
    clearInterval(this.#probe)
    await Promise.allSettled(this.#asides)
    this.#waiting.flush()
    await this.#journal.close()
    if (this.#live.size === 0) await this.#options.openFrames.close()
  }

  async flush(): Promise<void> {
    await Promise.allSettled(this.#asides)
    this.#waiting.flush()
    await this.#journal.flush()
  }

  #unreadyReason(): string {
    return this.#refusesWork() || this.#journal.failure || this.#options.log.failure
  }

  #refusesWork(): string {
    if (this.#journal.isFailing) return `evidence cannot be written: ${this.#journal.failure}`
    const { freeBytesMin } = this.#options.limits
    if (this.#freeBytes !== null && this.#freeBytes < freeBytesMin) {
      return `the evidence disk has ${this.#freeBytes} bytes free, ${freeBytesMin} are required`
    }
    if (!this.#desk.mayKeep(0)) return 'too many bytes wait for the evidence disk'
    if (this.#options.log.isBehind) return 'the transparency log is too far behind'
    return ''
  }

  #gap(facts: OpeningFacts): Recording {
    this.#gaps.exchange(facts.id, this.#options.clock.nowMs())
    this.#options.observer.gap()
    return gapRecording
  }

  #prepare(opening: Opening): PreparedBody | null | Promise<PreparedBody> {
    const { facts, body } = opening
    if (body.kind !== 'whole') return null
    const principal = facts.principal?.id ?? ''
    return this.#options.bodies.prepare(body.bytes, body.spans, principal, facts.retentionClass)
  }

  #payload(opening: Opening, prepared: PreparedBody | null): OpeningPayload {
    const { facts, body } = opening
    const stored: StoredBody =
      body.kind === 'whole' && prepared !== null
        ? { kind: 'whole', bytes: body.bytes.length, sha256: prepared.body.sha256 }
        : { kind: body.kind === 'streamed' ? 'streamed' : 'none' }
    return { facts, body: stored, openedAtMs: this.#options.clock.nowMs() }
  }

  #sections(prepared: PreparedBody | null): readonly Buffer[] {
    return prepared === null ? [] : [this.#options.bodies.layout(prepared)]
  }

  #openNow(opening: Opening, prepared: PreparedBody | null): Promise<Recording> {
    const { facts } = opening
    const openedMonotonicMs = this.#options.clock.monotonicMs()
    const plain = packOpening(this.#payload(opening, prepared), this.#sections(prepared))
    const draft = draftOf(contentOf('opening', facts.id, plain))
    const blocks = prepared === null ? [] : this.#options.bodies.draft(prepared, facts.id)
    const drafts = [...blocks.map((block) => block.draft), draft]
    const requestBytes = opening.body.kind === 'whole' ? opening.body.bytes.length : 0
    const opened = { facts, opening: draft, drafts, requestBytes, openedMonotonicMs }
    const recording = new OpenRecording(this.#desk, opened)
    return new Promise((resolve, reject) => {
      const onDurable = (): void => {
        this.#indexBlocks(blocks, facts)
        tellOpening(this.#options.tap, facts, { opening: draft, blocks, body: prepared })
        this.#logBeginning('exchange.opened', facts, draft, blocks)
        clearTimeout(timer)
        if (!this.#opening.delete(pending)) return
        this.#options.index.exchange(facts.id, () => recording.row(), { request: facts.findings })
        this.#live.add(recording)
        resolve(recording)
      }
      const ticket: Ticket = {
        drafts,
        retentionClass: facts.retentionClass,
        bytes: requestBytes + FRAME_MEMORY,
        placed: false,
        onDurable,
      }
      const pending: PendingOpen = { ticket, blocks, recording, reject, facts }
      const timer = setTimeout(() => this.#giveUp(pending), this.#options.limits.openDeadlineMs)
      this.#opening.add(pending)
      this.#append(ticket, true)
    })
  }

  #openRow(
    facts: OpeningFacts,
    draft: FrameDraft,
    drafts: readonly FrameDraft[],
    requestBytes: number,
  ): ExchangeRow {
    if (draft.address === null) throw new Error('the opening has no place')
    const storedBytes = lengthOf(drafts)
    return openRow(facts, { address: draft.address, requestBytes, storedBytes })
  }

  /**
   * The caller is refused. An opening that may have reached the disk gets an end that says so; its blocks stay,
   * because later openings may rely on them.
   */
  #giveUp(pending: PendingOpen): void {
    if (!this.#opening.delete(pending)) return
    const blocks = pending.blocks.map((block) => block.draft)
    const placed = pending.ticket.placed
    if (!placed) this.#journal.withdraw(pending.ticket, blocks)
    else {
      const { recording, facts } = pending
      this.#live.add(recording)
      recording.close(unopenedFacts(facts, this.#options.clock.nowMs())).catch(() => {})
    }
    pending.reject(fail('evidence.unavailable'))
  }

  #refuseNow(opening: Opening, closing: ClosingFacts, prepared: PreparedBody | null): void {
    const { facts } = opening
    const payload: RefusalPayload = { ...this.#payload(opening, prepared), closing }
    const draft = draftOf(
      contentOf('refusal', facts.id, packOpening(payload, this.#sections(prepared))),
    )
    const blocks = prepared === null ? [] : this.#options.bodies.draft(prepared, facts.id)
    const drafts = [...blocks.map((block) => block.draft), draft]
    const requestBytes = opening.body.kind === 'whole' ? opening.body.bytes.length : 0
    const onDurable = (): void => {
      this.#indexBlocks(blocks, facts)
      tellOpening(this.#options.tap, facts, { opening: draft, blocks, body: prepared })
      this.#logBeginning('exchange.refused', facts, draft, blocks)
      const row = this.#openRow(facts, draft, drafts, requestBytes)
      if (draft.address === null) return
      const at = { address: draft.address, requestBytes, storedBytes: row.storedBytes }
      const findings = { request: facts.findings, answer: closing.findings }
      this.#options.index.exchange(facts.id, () => closedRow(row, closing, at), findings)
    }
    const { retentionClass } = facts
    const bytes = requestBytes + FRAME_MEMORY
    this.#append({ drafts, retentionClass, bytes, placed: false, onDurable }, false)
  }

  #indexBlocks(blocks: readonly BlockDraft[], facts: OpeningFacts): void {
    for (const { draft, key, bytes } of blocks) {
      if (draft.address === null) continue
      const { retentionClass } = facts
      this.#options.index.block({
        id: key,
        ...draft.address,
        bytes,
        retentionClass,
        firstExchange: facts.id,
      })
    }
  }

  /** Of an opening that was withdrawn in time only the blocks are there. */
  #logBeginning(
    kind: 'exchange.opened' | 'exchange.refused',
    facts: OpeningFacts,
    draft: FrameDraft,
    blocks: readonly BlockDraft[],
  ): void {
    const parts = blocks.map((block) => block.draft)
    if (draft.address === null) this.#options.log.blocks(facts.id, parts)
    else this.#options.log.begun(kind, facts.id, facts.policy, draft, parts)
  }

  #append(ticket: Ticket, now: boolean): void {
    this.#journal.append(ticket)
    if (now) this.#journal.kick()
    else this.#waiting.commitSoon()
  }

  #onClosed(recording: OpenRecording, row: ExchangeRow, findings: NewFindings): void {
    this.#live.delete(recording)
    this.#options.index.exchange(recording.id, () => row, findings)
    if (recording.lostBytes > 0) {
      this.#gaps.bytes(recording.lostBytes, recording.id, this.#options.clock.nowMs())
    }
  }

  #onFailing(reason: string): void {
    this.#lastFailure = reason
    for (const pending of this.#opening) this.#giveUp(pending)
    for (const recording of this.#live) recording.failNow()
  }

  #onWorking(): void {
    for (const recording of this.#live) recording.recover()
    this.#reportGap()
  }

  #reportGap(): void {
    const event = this.#gaps.take(this.#options.clock.nowMs(), this.#lastFailure)
    if (event !== null) void this.note(event)
  }
}
