/** Hunts as people see them: begun, followed, cancelled, taken up again. The text that is searched for is in memory only. */
import type { Clock } from '../../lib/clock.ts'
import { newControlId } from '../../lib/ids.ts'
import { fail } from '../../model/errors.ts'
import type { ExchangeQuery } from '../../model/exchange-query.ts'
import type { HuntKind, HuntRow, HuntState, HuntTable } from '../../model/hunts.ts'
import { NOTHING_FOUND, isKept } from '../../model/hunts.ts'
import { isSilent, writtenAfter } from '../job-writes.ts'

/** How far a run has come; each time all that is known. */
export type HuntNews = Pick<
  HuntRow,
  'bytes' | 'bytesTotal' | 'place' | 'hits' | 'summary' | 'state'
>

export interface HuntOrder extends Pick<
  HuntRow,
  'kind' | 'query' | 'place' | 'hits' | 'bytes' | 'summary'
> {
  readonly text: string
}

/** Who looks into the record, off the event loop. */
export interface HuntRunner {
  /** What is wrong with a pattern or rule, in words; null when it can be run. */
  readonly check: (kind: HuntKind, text: string) => string | null
  readonly digest: (text: string) => string
  /** `tell` hears of progress, and at last of an end. */
  readonly run: (order: HuntOrder, tell: (news: HuntNews) => void) => HuntRun
}

export interface HuntRun {
  /** It tells once more, and ends. */
  readonly cancel: () => void
  /** At once, without a word. */
  readonly stop: () => Promise<void>
}

export interface HuntDeskParts {
  readonly table: HuntTable
  readonly clock: Clock
  readonly runner: HuntRunner
  readonly onFault: (error: unknown) => void
}

export interface NewHunt {
  readonly kind: HuntKind
  readonly text: string
  readonly title: string
  readonly scope: string
  readonly query: ExchangeQuery
  readonly person: string
  readonly personName: string
}

/** As stored, and whether somebody is at it. */
export interface SeenHunt {
  readonly row: HuntRow
  /** `interrupted`: it was running when its gateway ended, and can be taken up again. */
  readonly state: HuntState | 'interrupted'
}

export type HuntDesk = ReturnType<typeof createHuntDesk>

/** Each takes a thread; more at once would take the processor from the gateway. */
const RUNNING_MAX = 2
const ENDED_MAX = 20

interface Running {
  row: HuntRow
  readonly run: HuntRun
  /** Writes follow one another. */
  written: Promise<void>
}

export function createHuntDesk({ table, clock, runner, onFault }: HuntDeskParts) {
  const running = new Map<string, Running>()
  /** With what stood around matches, which is written nowhere. */
  const ended = new Map<string, HuntRow>()
  const seen = (row: HuntRow): SeenHunt => {
    const own = running.get(row.id)
    if (own !== undefined) return { row: own.row, state: 'running' }
    const whole = ended.get(row.id)
    // What ended here and could not be written yet has ended all the same.
    const isNewest = row.state === 'running' && row.updatedAtMs <= (whole?.updatedAtMs ?? 0)
    if (whole !== undefined && (whole.state === row.state || isNewest))
      return { row: whole, state: whole.state }
    const isLost = row.state === 'running' && isSilent(row, clock.nowMs())
    return { row, state: isLost ? 'interrupted' : row.state }
  }
  const known = async (id: string): Promise<SeenHunt> => {
    const row = await table.byId(id)
    if (row === null) throw fail('api.not-found')
    return seen(row)
  }
  const end = (row: HuntRow): void => {
    running.delete(row.id)
    ended.set(row.id, row)
    const [oldest] = ended.keys()
    if (ended.size > ENDED_MAX && oldest !== undefined) ended.delete(oldest)
  }
  const start = (row: HuntRow, text: string): void => {
    const { id } = row
    const run = runner.run({ ...row, text }, (news) => {
      const own = running.get(id)
      if (own === undefined) return
      own.row = { ...own.row, ...news, updatedAtMs: clock.nowMs() }
      const told = own.row
      own.written = writtenAfter(own.written, () => table.update(told), onFault)
      if (news.state !== 'running') void own.written.then(() => end(told))
    })
    running.set(id, { row, run, written: Promise.resolve() })
  }
  const checkRoom = (): void => {
    if (running.size >= RUNNING_MAX) {
      throw fail('api.conflict', `${RUNNING_MAX} hunts are running; wait for one, or cancel it.`)
    }
  }
  return {
    check: runner.check,
    list: async (limit: number): Promise<readonly SeenHunt[]> =>
      (await table.list(limit)).map(seen),
    read: known,
    begin: async (wanted: NewHunt): Promise<SeenHunt> => {
      checkRoom()
      const { kind, text, title, scope, query, person, personName } = wanted
      const nowMs = clock.nowMs()
      const row: HuntRow = {
        id: newControlId('hu', nowMs),
        kind,
        title,
        digest: runner.digest(text),
        source: isKept(kind) ? text : '',
        scope,
        query,
        person,
        personName,
        state: 'running',
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
        bytes: 0,
        bytesTotal: 0,
        place: '',
        hits: [],
        summary: NOTHING_FOUND,
      }
      await table.insert(row)
      start(row, text)
      return seen(row)
    },
    /** What was found until then stays. */
    cancel: async (id: string): Promise<SeenHunt> => {
      const hunt = await known(id)
      running.get(id)?.run.cancel()
      if (hunt.state !== 'interrupted') return hunt
      const row: HuntRow = { ...hunt.row, state: 'cancelled', updatedAtMs: clock.nowMs() }
      await table.update(row)
      return seen(row)
    },
    /** `text` is asked again of whoever wants to go on: it was kept nowhere. */
    resume: async (id: string, text: string): Promise<SeenHunt> => {
      const { row, state } = await known(id)
      if (state !== 'interrupted' && state !== 'cancelled' && state !== 'failed') {
        throw fail('api.conflict', 'Only a hunt that was cancelled or interrupted goes on.')
      }
      const whole = isKept(row.kind) ? row.source : text
      if (runner.digest(whole) !== row.digest) {
        throw fail('api.conflict', 'This is not the text that the hunt was begun with.')
      }
      checkRoom()
      const again: HuntRow = { ...row, state: 'running', updatedAtMs: clock.nowMs() }
      await table.update(again)
      start(again, whole)
      return seen(again)
    },
    /** Leaves what runs to be taken up again. */
    [Symbol.asyncDispose]: async () => {
      const all = [...running.values()]
      running.clear()
      await Promise.all(all.map(({ run }) => run.stop()))
      await Promise.all(all.map(({ written }) => written))
    },
  }
}
