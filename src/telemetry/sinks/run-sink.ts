/** Brings every event to one receiver, at least once and in order of the index; the index on disk is the queue. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../lib/clock.ts'
import type { ExchangeSearch } from '../../model/exchange-query.ts'
import type { EvidenceEvent } from '../../model/record.ts'
import type { SinkLetter } from './dead-letter-file.ts'
import type { Sender, Sent } from './sender.ts'
import { eventOfEvidence, eventsOfExchange } from './sink-event.ts'
import type { SinkEvent } from './sink-event.ts'
import type { SinkFolder, SinkPlace } from './sink-folder.ts'

const LOOK_EVERY_MS = 500
const ROWS_PER_LOOK = 500
const BACK_OFF_MIN_MS = 500
const BACK_OFF_MAX_MS = 60_000
/** After the index was built again its changes are counted anew: so much is sent once more. */
const AGAIN_MS = 3_600_000

export interface PlacedEvent {
  readonly id: string
  readonly event: EvidenceEvent
  readonly instance: string
  readonly segment: number
  readonly offset: number
}

export interface SinkSource {
  readonly search: Pick<ExchangeSearch, 'changes' | 'newest'>
  /** Events of this folder behind a place, in the order in which they were written. */
  readonly eventsAfter: (
    place: SinkPlace['events'],
    limit: number,
  ) => Promise<readonly PlacedEvent[]>
  /** Whether this gateway recorded it; others on the same database send their own. */
  readonly isOwn: (instance: string) => boolean
  /** Where the events of this run of the gateway begin. */
  readonly instance: string
}

export interface SinkState {
  /** Empty while all is well. */
  readonly problem: string
  readonly deadLetters: number
  /** Age of the oldest event that waits. */
  readonly lagMs: number
}

export interface RunningSink extends AsyncDisposable {
  readonly state: () => SinkState
  /** The last of its dead letters, oldest first. */
  readonly letters: (limit: number) => Promise<readonly SinkLetter[]>
  /** Has each of these events sent once more; gives the ids of those that waited for a person. */
  readonly retry: (ids: ReadonlySet<string>) => Promise<readonly string[]>
  /** Gives the ids of those that waited for a person. */
  readonly drop: (ids: ReadonlySet<string>) => Promise<readonly string[]>
}

export interface SinkParts {
  readonly source: SinkSource
  readonly sender: Sender
  readonly folder: SinkFolder
  readonly clock: Clock
  readonly counted: (result: 'delivered' | 'dead' | 'failed', events: number) => void
  readonly onFault: (error: unknown) => void
}

export function runSink(parts: SinkParts): RunningSink {
  const stop = new AbortController()
  const sink = new Sink(parts, stop.signal)
  const running = sink.run()
  return {
    state: () => sink.state(),
    letters: parts.folder.dead.waiting,
    retry: (ids) => sink.retry(ids),
    drop: (ids) => sink.settle(ids, () => null),
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await running
    },
  }
}

class Sink {
  readonly #parts: SinkParts
  readonly #signal: AbortSignal
  #problem = 'starting'
  /** Somebody asked for dead letters to be sent again. */
  #isAsked = true
  #oldestMs: number | null = null
  #backOffMs = BACK_OFF_MIN_MS

  constructor(parts: SinkParts, signal: AbortSignal) {
    this.#parts = parts
    this.#signal = signal
  }

  state(): SinkState {
    const lagMs = this.#oldestMs === null ? 0 : this.#parts.clock.nowMs() - this.#oldestMs
    const deadLetters = this.#parts.folder.dead.size()
    return { problem: this.#problem, deadLetters, lagMs: Math.max(0, lagMs) }
  }

  async retry(ids: ReadonlySet<string>): Promise<readonly string[]> {
    const found = await this.settle(ids, (letter) => ({ ...letter, isAsked: true }))
    this.#isAsked ||= found.length > 0
    return found
  }

  /** Of these letters only those that wait for a person. */
  async settle(
    ids: ReadonlySet<string>,
    change: (letter: SinkLetter) => SinkLetter | null,
  ): Promise<readonly string[]> {
    const found = new Set<string>()
    await this.#parts.folder.dead.change((letter) => {
      if (letter.isAsked || !ids.has(letter.event.id)) return letter
      found.add(letter.event.id)
      return change(letter)
    })
    return [...found]
  }

  async run(): Promise<void> {
    let place: SinkPlace | null = null
    while (!this.#signal.aborted) {
      try {
        if (place === null) {
          place = await this.#begin()
          this.#problem = ''
        }
        const next: SinkPlace = await this.#step(place)
        if (next === place) await this.#pause(LOOK_EVERY_MS)
        place = next
      } catch (error) {
        if (this.#signal.aborted) return
        this.#problem = 'what is to be sent cannot be read or kept; see the log'
        this.#parts.onFault(error)
        await this.#pause(this.#nextBackOff())
      }
    }
  }

  /** A new sink begins with what happens from now on. */
  async #begin(): Promise<SinkPlace> {
    const { folder, source, clock } = this.#parts
    const newest = await source.search.newest()
    const kept = await folder.place()
    if (kept !== null) {
      return kept.exchanges.seq <= newest.seq
        ? kept
        : { ...kept, exchanges: fromTheStart(kept.exchanges) }
    }
    const place = {
      exchanges: { ...newest, endedAtMs: clock.nowMs(), floorMs: 0 },
      events: { instance: source.instance, segment: 0, offset: 0 },
    }
    await folder.keepPlace(place)
    return place
  }

  /** The same place again when there was nothing. */
  async #step(place: SinkPlace): Promise<SinkPlace> {
    const { source, folder } = this.#parts
    await this.#sendAgain()
    const [changes, notes] = await Promise.all([
      source.search.changes(place.exchanges, ROWS_PER_LOOK),
      source.eventsAfter(place.events, ROWS_PER_LOOK),
    ])
    const lastChange = changes.at(-1)
    const lastNote = notes.at(-1)
    if (lastChange === undefined && lastNote === undefined) {
      this.#oldestMs = null
      return place
    }
    const { endedAtMs: upToMs, floorMs } = place.exchanges
    const exchanges = changes
      .map(({ row }) => row)
      .filter(({ instance, endedAtMs }) => source.isOwn(instance) && (endedAtMs ?? 0) >= floorMs)
    const events = [
      ...notes.map(({ id, event }) => eventOfEvidence(id, event)),
      ...exchanges.flatMap(eventsOfExchange),
    ]
    if (!(await this.#deliverAll(events))) return place
    const next = {
      exchanges:
        lastChange === undefined
          ? place.exchanges
          : {
              seq: lastChange.seq,
              id: lastChange.row.id,
              endedAtMs: Math.max(upToMs, ...exchanges.map((row) => row.endedAtMs ?? 0)),
              floorMs,
            },
      events:
        lastNote === undefined
          ? place.events
          : { instance: lastNote.instance, segment: lastNote.segment, offset: lastNote.offset },
    }
    await folder.keepPlace(next)
    return next
  }

  /** False only when it was stopped. */
  async #deliverAll(events: readonly SinkEvent[]): Promise<boolean> {
    const { batchMax } = this.#parts.sender
    for (let at = 0; at < events.length; at += batchMax) {
      const batch = events.slice(at, at + batchMax)
      this.#oldestMs = Math.min(...batch.map(({ atMs }) => atMs))
      if (!(await this.#deliver(batch))) return false
    }
    return true
  }

  async #deliver(batch: readonly SinkEvent[]): Promise<boolean> {
    const { sender, counted, folder, clock } = this.#parts
    while (!this.#signal.aborted) {
      const sent: Sent = await sender.send(batch, this.#signal)
      if (sent.kind === 'delivered') {
        this.#problem = ''
        this.#backOffMs = BACK_OFF_MIN_MS
        counted('delivered', batch.length)
        return true
      }
      if (sent.kind === 'refused') {
        if (batch.length > 1) return this.#oneByOne(batch)
        const [event] = batch
        if (event === undefined || (await folder.dead.bury(event, sent.reason, clock.nowMs()))) {
          counted('dead', batch.length)
          return true
        }
      }
      if (this.#signal.aborted) return false
      counted('failed', batch.length)
      this.#problem =
        sent.kind === 'refused'
          ? 'the list of dead letters is full'
          : `not delivered: ${sent.reason}`
      await this.#pause(this.#nextBackOff())
      // They need not wait until the list has room or the receiver takes what is new.
      await this.#sendAgain()
    }
    return false
  }

  /** Once each: what is not taken waits for a person again. */
  async #sendAgain(): Promise<void> {
    if (!this.#isAsked) return
    const { sender, folder, counted } = this.#parts
    this.#isAsked = false
    const outcomes = new Map<string, Sent>()
    try {
      const letters = await folder.dead.asked()
      let isAway: Sent | null = null
      for (const { event } of letters) {
        const sent: Sent = isAway ?? (await sender.send([event], this.#signal))
        if (this.#signal.aborted && sent.kind !== 'delivered') break
        // A receiver that is away is not waited for once for each of them.
        if (sent.kind === 'failed') isAway = sent
        outcomes.set(event.id, sent)
        counted(sent.kind === 'delivered' ? 'delivered' : 'failed', 1)
      }
      if (outcomes.size > 0) await folder.dead.change((letter) => afterwards(letter, outcomes))
    } catch (error) {
      this.#isAsked = true
      throw error
    }
  }

  /** Which of them is it? The others are sent again, under their ids. */
  async #oneByOne(batch: readonly SinkEvent[]): Promise<boolean> {
    for (const event of batch) if (!(await this.#deliver([event]))) return false
    return true
  }

  #nextBackOff(): number {
    const wait = this.#backOffMs
    this.#backOffMs = Math.min(BACK_OFF_MAX_MS, wait * 2)
    return wait
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#signal, ref: false }).catch(() => undefined)
  }
}

function fromTheStart({ endedAtMs }: SinkPlace['exchanges']): SinkPlace['exchanges'] {
  return { seq: 0, id: '', endedAtMs, floorMs: endedAtMs - AGAIN_MS }
}

function afterwards(letter: SinkLetter, outcomes: ReadonlyMap<string, Sent>): SinkLetter | null {
  const sent = letter.isAsked ? outcomes.get(letter.event.id) : undefined
  if (sent === undefined) return letter
  if (sent.kind === 'delivered') return null
  return { ...letter, isAsked: false, attempts: letter.attempts + 1, reason: sent.reason }
}
