/** The one append queue of an instance: group commit, rotation, and what happens when the disk fails. */
import { errorCode } from '../lib/error-code.ts'
import type { EvidenceObserver } from './observer.ts'
import type { Clock } from '../lib/clock.ts'
import type { InstanceId } from '../lib/ids.ts'
import { atOnce, inTurns } from '../lib/turns.ts'
import type { Work } from '../lib/turns.ts'
import type { FrameAddress } from '../model/record.ts'
import type { Disk } from './disk.ts'
import type { FrameContent } from './epoch-keys.ts'
import type { KeyProvider } from './key-provider.ts'
import type { EvidenceLimits } from './limits.ts'
import { SegmentWriter } from './segment-writer.ts'

/** A frame to be written. `content` is asked again when the frame has to move to another segment. */
export interface FrameDraft {
  /** Let go of when the frame is durable: an exchange lists its frames to the end, and must not hold what is in them. */
  content: () => FrameContent
  /** Set when the frame gets its place; final once its ticket is durable. */
  address: FrameAddress | null
  /** Bytes of the sealed frame. */
  length: number
  /** `frameDigest` of the sealed frame. */
  digest: string
  /** That of its content. */
  commitment: string
}

/** Frames that belong together: they are placed without anything between them and become durable together. */
export interface Ticket {
  drafts: readonly FrameDraft[]
  readonly retentionClass: string
  /** Memory held until durable. */
  readonly bytes: number
  /** Called in journal order when durable. */
  readonly onDurable: () => void
  /** True once any of it may have reached a disk. */
  placed: boolean
}

export interface JournalOptions {
  readonly disk: Disk
  readonly folder: string
  readonly instance: InstanceId
  readonly provider: KeyProvider
  readonly clock: Clock
  readonly limits: EvidenceLimits
  readonly retentionClasses: readonly string[]
  /** A segment became durable, before the tickets in it are told. */
  readonly onSegment: (segment: number, headerDigest: string) => void
  /** After each commit: everything before this place is durable. Tickets were told already. */
  readonly onCommit: (segment: number, end: number) => void
  readonly observer: EvidenceObserver
  /** No segment can be written. */
  readonly onFailing: (reason: string) => void
  /** Segments can be written again; everything kept meanwhile is durable. */
  readonly onWorking: () => void
}

/** A new segment is prepared when this part of the current one is used. */
const PREPARE_AT = 7 / 8
/** Tickets of more bytes or frames are sealed in turns; those behind them wait in the queue meanwhile. */
const PLACED_AT_ONCE = { bytes: 64 * 1024, frames: 32 }

const endOfTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const code = errorCode(error)
  return code === '' ? message : `${code}: ${message}`
}

const isLarge = ({ bytes, drafts }: Ticket): boolean =>
  bytes > PLACED_AT_ONCE.bytes || drafts.length > PLACED_AT_ONCE.frames

export class Journal {
  readonly #options: JournalOptions
  readonly #classes: Set<string>
  #segment: SegmentWriter | null = null
  #next: SegmentWriter | null = null
  #preparing: Promise<void> | null = null
  #lastNumber = 0
  #previous = { segment: 0, end: 0 }
  /** Not yet in a segment. */
  #queue: Ticket[] = []
  /** In the current segment, not yet durable. */
  #placed: Ticket[] = []
  /** A large ticket is on its way from the queue into the segment. */
  #isPlacing = false
  #heldBytes = 0
  #closing = false
  #running: Promise<void> | null = null
  #again = false
  /** A segment failed and no commit has succeeded since. */
  #suspect = false
  #failing = ''
  readonly #background = new Set<Promise<void>>()

  constructor(options: JournalOptions) {
    this.#options = options
    this.#classes = new Set(options.retentionClasses)
  }

  /** Empty while segments can be written. */
  get failure(): string {
    if (this.#failing !== '') return this.#failing
    return this.#suspect ? 'a segment failed and is being replaced' : ''
  }

  get isFailing(): boolean {
    return this.#failing !== ''
  }

  /** Bytes accepted and not durable. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Takes the ticket; it becomes durable after the next `kick`, in the order of appends. */
  append(ticket: Ticket): void {
    this.#heldBytes += ticket.bytes
    const segment = this.#segment
    // By the time of what is recorded, not by a timer's turn: an epoch key is promised to serve an hour at most.
    if (segment !== null && this.#ageOf(segment) > this.#options.limits.segmentAgeMs)
      this.#closing = true
    if (!segment?.has(ticket.retentionClass)) {
      this.#classes.add(ticket.retentionClass)
      // The segment has no key of this class and its header cannot get one: the next segment will have it.
      if (segment !== null) this.#closing = true
    }
    const waits = segment === null || this.#closing || this.#queue.length > 0
    if (waits || this.#isPlacing || isLarge(ticket)) this.#queue.push(ticket)
    else {
      ticket.placed = true
      atOnce(this.#placing(segment, ticket))
    }
  }

  kick(): void {
    if (this.#failing === '') void this.#run()
  }

  /** Looks whether the segment is old, prepares the next one, tries again after a failure. Call about every second. */
  tick(): void {
    if (this.#failing !== '') {
      void this.#run()
      return
    }
    const segment = this.#segment
    const { segmentAgeMs } = this.#options.limits
    if (segment !== null) {
      const age = this.#ageOf(segment)
      if (age > segmentAgeMs * PREPARE_AT) this.#prepareAhead()
      if (age > segmentAgeMs) this.#closing = true
    } else this.#prepareAhead()
    if (this.#closing) this.kick()
  }

  #ageOf(segment: SegmentWriter): number {
    return this.#options.clock.nowMs() - segment.activatedAtMs
  }

  /** Takes a ticket back. False when it was placed before: its frames may be, or come to be, on the disk. */
  withdraw(ticket: Ticket, keep: readonly FrameDraft[]): boolean {
    const waits = this.#queue.includes(ticket)
    if (waits) ticket.drafts = keep
    return waits && !ticket.placed
  }

  /** Resolves when everything accepted is durable, or the journal is failing. */
  async flush(): Promise<void> {
    while (this.#failing === '' && (this.#running !== null || this.#hasWork)) await this.#run()
  }

  /** Resolves when `segment`, or the one in use, is sealed: it is written no more. */
  async leave(number: number | null): Promise<void> {
    const segment = number ?? this.#segment?.segment ?? null
    if (segment !== null && this.#segment?.segment === segment) {
      this.#closing = true
      await this.#run()
    }
    await Promise.allSettled(this.#background)
    if (segment !== null && this.#segment?.segment === segment)
      throw new Error('the segment cannot be left')
  }

  get #hasWork(): boolean {
    return this.#queue.length > 0 || this.#placed.length > 0 || this.#isPlacing
  }

  async close(): Promise<void> {
    await this.flush()
    await this.#running
    await this.#preparing
    const segment = this.#segment
    this.#segment = null
    if (segment !== null) await segment.seal().catch(() => {})
    await this.#next?.discard().catch(() => {})
    this.#next = null
    await Promise.allSettled(this.#background)
  }

  #run(): Promise<void> {
    // A kick between the loop's last look and its end must not be lost.
    this.#again = true
    this.#running ??= this.#loop()
    return this.#running
  }

  async #loop(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false
        while (await this.#step());
      }
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#running = null
    }
  }

  /** One round. False when there is nothing left to do. Throws when no new segment can be made. */
  async #step(): Promise<boolean> {
    // All that came in one turn of the event loop shares a group: a write, and a thread woken for it, costs more than its bytes.
    await endOfTurn()
    const trying = this.#failing !== ''
    if (this.#segment === null) {
      if (this.#queue.length === 0 && !trying) return false
      this.#segment = await this.#openSegment()
      this.#closing = false
    }
    const segment = this.#segment
    await this.#placeQueue(segment)
    const group = this.#placed
    if (group.length === 0 && !(trying && segment.hasPending)) {
      if (!this.#closing) return false
      this.#rotate(segment)
      return this.#queue.length > 0
    }
    this.#placed = []
    const startedMs = this.#options.clock.monotonicMs()
    const isFirst = segment.durableEnd === 0
    try {
      await segment.commit()
      this.#options.observer.committed(this.#options.clock.monotonicMs() - startedMs)
    } catch (error) {
      this.#options.observer.writeFailed()
      this.#poison(segment, group)
      if (this.#suspect) throw error
      this.#suspect = true
      return true
    }
    if (isFirst) this.#options.onSegment(segment.segment, segment.headerDigest)
    this.#acknowledge(segment, group)
    return true
  }

  /** One large ticket for each group, so that those before it do not wait for one after another. */
  async #placeQueue(segment: SegmentWriter): Promise<void> {
    let hasLarge = false
    while (!this.#closing) {
      const [ticket] = this.#queue
      if (ticket === undefined || (hasLarge && isLarge(ticket))) return
      hasLarge ||= isLarge(ticket)
      if (!segment.has(ticket.retentionClass)) {
        this.#closing = true
        return
      }
      this.#queue.shift()
      // From here on it cannot be taken back.
      ticket.placed = true
      this.#isPlacing = true
      try {
        const placed = inTurns(this.#placing(segment, ticket))
        if (placed instanceof Promise) await placed
      } finally {
        this.#isPlacing = false
      }
    }
  }

  *#placing(segment: SegmentWriter, ticket: Ticket): Work<void> {
    for (const draft of ticket.drafts) {
      const content = draft.content()
      const { offset, length, digest } = segment.place(content, ticket.retentionClass)
      draft.address = { instance: this.#options.instance, segment: segment.segment, offset }
      draft.length = length
      draft.digest = digest
      draft.commitment = content.commitment
      yield
    }
    this.#placed.push(ticket)
  }

  #acknowledge(segment: SegmentWriter, group: readonly Ticket[]): void {
    for (const ticket of group) {
      this.#heldBytes -= ticket.bytes
      ticket.onDurable()
    }
    this.#options.onCommit(segment.segment, segment.durableEnd)
    const { segmentBytesMax } = this.#options.limits
    if (segment.end > segmentBytesMax * PREPARE_AT) this.#prepareAhead()
    if (segment.end > segmentBytesMax) this.#closing = true
    this.#suspect = false
    if (this.#failing !== '' && this.#queue.length === 0 && this.#placed.length === 0) {
      this.#failing = ''
      this.#options.onWorking()
    }
  }

  /** A file whose write or fdatasync failed is never written again: the kernel may have dropped its pages. */
  #poison(segment: SegmentWriter, group: readonly Ticket[]): void {
    if (segment.durableEnd > 0)
      this.#previous = { segment: segment.segment, end: segment.durableEnd }
    this.#segment = null
    this.#queue = [...group, ...this.#placed, ...this.#queue]
    this.#placed = []
    this.#inBackground(segment.abandon())
  }

  #fail(error: unknown): void {
    const first = this.#failing === ''
    this.#failing = reasonOf(error)
    this.#suspect = true
    if (first) this.#options.onFailing(this.#failing)
  }

  #rotate(segment: SegmentWriter): void {
    this.#previous = { segment: segment.segment, end: segment.durableEnd }
    this.#segment = null
    this.#closing = false
    // A failed truncate leaves zeros behind the last frame, which every reader takes as the end.
    this.#inBackground(segment.seal())
  }

  async #openSegment(): Promise<SegmentWriter> {
    await this.#preparing
    const ready = this.#next
    this.#next = null
    let segment = ready
    while (segment === null || !this.#fits(segment)) {
      if (segment !== null) this.#inBackground(segment.discard())
      segment = await this.#prepare()
    }
    segment.activate(this.#options.clock.nowMs(), this.#previous)
    return segment
  }

  /** It has a key for each class, and the root key was not rotated since it was prepared. */
  #fits(segment: SegmentWriter): boolean {
    if (segment.rootKey !== this.#options.provider.active().id) return false
    return [...this.#classes].every((name) => segment.has(name))
  }

  #prepareAhead(): void {
    if (this.#next !== null || this.#preparing !== null) return
    this.#preparing = this.#keepNext()
  }

  async #keepNext(): Promise<void> {
    try {
      this.#next = await this.#prepare()
    } catch {
      // The same failure is met, and reported, when the segment is needed.
    } finally {
      this.#preparing = null
    }
  }

  #prepare(): Promise<SegmentWriter> {
    this.#lastNumber += 1
    const { disk, folder, instance, provider, limits } = this.#options
    return SegmentWriter.prepare({
      disk,
      folder,
      instance,
      provider,
      segment: this.#lastNumber,
      isFirst: this.#previous.segment === 0 && this.#segment === null,
      retentionClasses: [...this.#classes],
      extentBytes: limits.extentBytes,
      deadlineMs: limits.diskDeadlineMs,
    })
  }

  #inBackground(work: Promise<void>): void {
    const settled = work.catch(() => {}).finally(() => this.#background.delete(settled))
    this.#background.add(settled)
  }
}
