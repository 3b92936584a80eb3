/** Erasures of a value as people see them: begun, followed, cancelled, taken up again. The value is in memory only. */
import { setImmediate } from 'node:timers/promises'
import { ERASURE_EXCHANGES_MAX } from '../../evidence/erasure/eraser.ts'
import type { Clock } from '../../lib/clock.ts'
import { newControlId } from '../../lib/ids.ts'
import type {
  ErasureJobRow,
  ErasureJobState,
  ErasureJobTable,
  JobRefusal,
} from '../../model/erasure-jobs.ts'
import { fail } from '../../model/errors.ts'
import { isSilent, writtenAfter } from '../job-writes.ts'
import type { ErasureDesk } from './erasures.ts'
import type { Doer } from './hold-desk.ts'
import type { SearchNews, SearchOrder } from './search-record.ts'

/** Who reads the record, off the event loop. */
export interface ValueSearcher {
  readonly digest: (value: string) => string
  /** Hears of progress, and at last of an end or of a failure. */
  readonly run: (
    order: SearchOrder,
    tell: (news: SearchNews) => void,
    failed: () => void,
  ) => { readonly cancel: () => void; readonly stop: () => Promise<void> }
}

export interface ErasureJobsParts {
  readonly table: ErasureJobTable
  readonly clock: Clock
  readonly erasures: Pick<ErasureDesk, 'examine' | 'eraseSome'>
  readonly searcher: ValueSearcher
  readonly onFault: (error: unknown) => void
}

export interface NewErasureJob {
  readonly value: string
  readonly reason: string
  readonly by: Doer
  readonly despiteMinimum: boolean
  readonly dryRun: boolean
  /** A dry run of the same value whose reading is gone on from; null for none. */
  readonly after: string | null
}

/** As stored, and whether somebody is at it. */
export interface SeenErasureJob {
  readonly row: ErasureJobRow
  /** `interrupted`: it was under way when its gateway ended, and can be taken up again. */
  readonly state: ErasureJobState | 'interrupted'
}

export type ErasureJobs = ReturnType<typeof createErasureJobs>

/** Each takes a thread, and erasures follow one another anyway. */
const RUNNING_MAX = 1
const REFUSALS_KEPT = 100
const EXAMINED_AT_ONCE = 500
const NOTHING_READ: Pick<ErasureJobRow, 'place' | 'total' | 'searched' | 'unreadable' | 'found'> = {
  place: '',
  total: 0,
  searched: 0,
  unreadable: 0,
  found: [],
}

export function createErasureJobs(parts: ErasureJobsParts) {
  const { table, clock, searcher } = parts
  const running = new Map<string, RunningJob>()
  const isUnderWay = ({ state }: ErasureJobRow): boolean =>
    state === 'searching' || state === 'erasing'
  const seen = (row: ErasureJobRow): SeenErasureJob => {
    const own = running.get(row.id)
    if (own !== undefined) return { row: own.row, state: own.row.state }
    const isLost = isUnderWay(row) && isSilent(row, clock.nowMs())
    return { row, state: isLost ? 'interrupted' : row.state }
  }
  const known = async (id: string): Promise<SeenErasureJob> => {
    const row = await table.byId(id)
    if (row === null) throw fail('api.not-found')
    return seen(row)
  }
  const checkRoom = (): void => {
    if (running.size >= RUNNING_MAX)
      throw fail('api.conflict', 'Another value is being erased; wait for it, or cancel it.')
  }
  const readBy = async (id: string, digest: string): Promise<typeof NOTHING_READ> => {
    const { row, state } = await known(id)
    if (!row.dryRun || state !== 'done' || row.digest !== digest)
      throw fail('api.conflict', 'Only a dry run of the same value that is done is gone on from.')
    const { place, total, searched, unreadable, found } = row
    return { place, total, searched, unreadable, found }
  }
  const start = (row: ErasureJobRow, value: string): void => {
    const job = new RunningJob(parts, row)
    running.set(row.id, job)
    void job
      .run(value)
      .catch(parts.onFault)
      .then(() => running.delete(row.id))
  }
  return {
    list: async (limit: number): Promise<readonly SeenErasureJob[]> =>
      (await table.list(limit)).map(seen),
    read: known,
    begin: async (wanted: NewErasureJob): Promise<SeenErasureJob> => {
      const digest = searcher.digest(wanted.value)
      const read = wanted.after === null ? NOTHING_READ : await readBy(wanted.after, digest)
      checkRoom()
      const nowMs = clock.nowMs()
      const row: ErasureJobRow = {
        id: newControlId('ej', nowMs),
        digest,
        reason: wanted.reason,
        person: wanted.by.person,
        personName: wanted.by.login,
        despiteMinimum: wanted.despiteMinimum,
        dryRun: wanted.dryRun,
        state: 'searching',
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
        untilMs: nowMs,
        ...read,
        erased: 0,
        erasures: [],
        refusals: [],
        refused: 0,
      }
      await table.insert(row)
      start(row, wanted.value)
      return seen(row)
    },
    /** What was erased until then is erased. */
    cancel: async (id: string): Promise<SeenErasureJob> => {
      const job = await known(id)
      running.get(id)?.cancel()
      if (job.state !== 'interrupted') return job
      const row: ErasureJobRow = { ...job.row, state: 'cancelled', updatedAtMs: clock.nowMs() }
      await table.update(row)
      return seen(row)
    },
    /** The value is asked again of whoever wants to go on. What was recorded since is looked into as well. */
    resume: async (id: string, value: string): Promise<SeenErasureJob> => {
      const { row, state } = await known(id)
      if (state === 'searching' || state === 'erasing' || state === 'done')
        throw fail('api.conflict', 'Only one that was cancelled, refused or interrupted goes on.')
      if (searcher.digest(value) !== row.digest)
        throw fail('api.conflict', 'This is not the value that it was begun with.')
      checkRoom()
      const nowMs = clock.nowMs()
      const again: ErasureJobRow = {
        ...row,
        state: 'searching',
        updatedAtMs: nowMs,
        untilMs: nowMs,
        refusals: [],
        refused: 0,
      }
      await table.update(again)
      start(again, value)
      return seen(again)
    },
    /** Leaves what runs to be taken up again. */
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...running.values()].map((job) => job.stop()))
    },
  }
}

class RunningJob {
  row: ErasureJobRow
  readonly #parts: ErasureJobsParts
  #isCancelled = false
  #isStopped = false
  #ended: Promise<void> = Promise.resolve()
  #search: ReturnType<ValueSearcher['run']> | null = null
  #giveUp: () => void = () => undefined
  /** Writes follow one another. */
  #written: Promise<void> = Promise.resolve()

  constructor(parts: ErasureJobsParts, row: ErasureJobRow) {
    this.#parts = parts
    this.row = row
  }

  run(value: string): Promise<void> {
    this.#ended = this.#run(value)
    return this.#ended
  }

  cancel(): void {
    this.#isCancelled = true
    this.#search?.cancel()
  }

  /** Ends it without an end: a later run says that it was interrupted. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#search?.stop()
    this.#giveUp()
    await this.#ended.catch(() => undefined)
  }

  async #run(value: string): Promise<void> {
    try {
      const isWhole = await this.#searchFor(value)
      const state = isWhole ? await this.#erase() : 'cancelled'
      this.#note({ state })
    } catch (error) {
      this.#note({ state: 'failed' })
      throw error
    } finally {
      await this.#written
    }
  }

  /** False when it was cancelled. */
  #searchFor(value: string): Promise<boolean> {
    const { untilMs, place, searched, unreadable, found } = this.row
    const order = { value, untilMs, place, searched, unreadable, found }
    return new Promise((resolve, reject) => {
      this.#giveUp = () => resolve(false)
      this.#search = this.#parts.searcher.run(
        order,
        ({ isOver, ...news }) => {
          this.#note(news)
          if (isOver) resolve(true)
        },
        () => (this.#isCancelled ? resolve(false) : reject(new Error('the record was not read'))),
      )
    })
  }

  /** All of it or nothing, but for what comes to be held in between. */
  async #erase(): Promise<ErasureJobState> {
    const { despiteMinimum, dryRun } = this.row
    const found = [...this.row.found]
    const { erasures } = this.#parts
    const left: ErasureJobRow['found'][number][] = []
    for (let at = 0; at < found.length; at += EXAMINED_AT_ONCE) {
      const some = found.slice(at, at + EXAMINED_AT_ONCE)
      const { exchanges, refusals } = await erasures.examine(some, despiteMinimum)
      left.push(...exchanges)
      this.#refuse(refusals.filter(({ why }) => why !== 'erased' && why !== 'not-found'))
    }
    if (this.row.refused > 0) return 'refused'
    if (dryRun) return 'done'
    this.#note({ state: 'erasing' })
    for (let at = 0; at < left.length; at += ERASURE_EXCHANGES_MAX) {
      if (this.#isCancelled || this.#isStopped) return 'cancelled'
      await this.#eraseSome(left.slice(at, at + ERASURE_EXCHANGES_MAX))
      await setImmediate()
    }
    return 'done'
  }

  async #eraseSome(exchanges: ErasureJobRow['found']): Promise<void> {
    const { id, reason, person, personName, despiteMinimum } = this.row
    const { receipt, refusals } = await this.#parts.erasures.eraseSome(exchanges, {
      request: id,
      rule: 'value',
      reason,
      by: { person, login: personName },
      despiteMinimum,
    })
    this.#refuse(refusals)
    if (receipt === null) return
    const gone = new Set(receipt.exchanges)
    this.#note({
      found: this.row.found.filter((one) => !gone.has(one)),
      erased: this.row.erased + gone.size,
      erasures: [...this.row.erasures, receipt.erasure],
    })
  }

  #refuse(refusals: readonly JobRefusal[]): void {
    if (refusals.length === 0) return
    this.#note({
      refusals: [...this.row.refusals, ...refusals].slice(0, REFUSALS_KEPT),
      refused: this.row.refused + refusals.length,
    })
  }

  #note(changes: Partial<ErasureJobRow>): void {
    const { table, clock, onFault } = this.#parts
    // Threat: written as cancelled, a stopped one would not be seen as interrupted.
    if (this.#isStopped && changes.state !== undefined) return
    this.row = { ...this.row, ...changes, updatedAtMs: clock.nowMs() }
    const told = this.row
    this.#written = writtenAfter(this.#written, () => table.update(told), onFault)
  }
}
