/** Judges exchanges as they are indexed by the searches that people have an alert on, and tells what matches, once. */
import { reachOf } from '../../identity/permissions.ts'
import type { Clock } from '../../lib/clock.ts'
import { failureReason } from '../../lib/failure-reason.ts'
import type { ExchangeQuery, ExchangeSearch } from '../../model/exchange-query.ts'
import type { PeopleTable } from '../../model/people.ts'
import type { EvidenceEvent, ExchangeRow } from '../../model/record.ts'
import type {
  AlertBatch,
  AlertLetter,
  SearchAlertRow,
  SearchAlertTable,
} from '../../model/search-alerts.ts'
import { parseQuery } from '../../model/query/parse.ts'
import { toExchangeQuery } from '../../model/query/to-query.ts'
import type { ExchangeIndex } from '../../store/exchange-index.ts'
import { matchesQuery } from '../matches-query.ts'

export interface AlertMessage {
  readonly id: string
  readonly alert: SearchAlertRow
  /** Matches since the last message. */
  readonly count: number
  /** The first of them, as far as they are still there. */
  readonly rows: readonly ExchangeRow[]
}

export interface AlertParts {
  readonly table: SearchAlertTable
  readonly people: PeopleTable
  readonly search: Pick<ExchangeSearch, 'changes' | 'newest'>
  readonly index: Pick<ExchangeIndex, 'exchanges'>
  readonly clock: Clock
  readonly note: (event: EvidenceEvent) => Promise<void>
  /** Throws when the receiver did not take it. */
  readonly tell: (message: AlertMessage) => Promise<void>
  readonly onFault: (what: string, error: unknown) => void
}

const CHANGES_PER_ROUND = 500
/** Named in one message; the count says how many there were. */
const NAMED_MAX = 20
/** What was told is known so long, longer than any exchange takes to end. */
const KNOWN_MS = 90 * 86_400_000
/** A worker that died while it sent a letter again gives it back after this. */
const LEASE_MS = 60_000
/** About a day altogether. */
const PAUSES_MS = [5_000, 30_000, 120_000, 600_000, 3_600_000, 6 * 3_600_000, 12 * 3_600_000]

/** True when there may be more at once. */
export async function judgeChanges(parts: AlertParts): Promise<boolean> {
  const { table, search, clock } = parts
  const newest = await search.newest()
  const known = await table.place()
  if (known === null) {
    // What was there before the first alert is no news.
    await table.setPlace(newest)
    return false
  }
  // The index was made again: its order begins anew, and what was told stays told.
  const place = newest.seq < known.seq ? { seq: 0, id: '' } : known
  const changes = await search.changes(place, CHANGES_PER_ROUND)
  const last = changes.at(-1)
  if (last === undefined) return false
  const rows = changes.map(({ row }) => row)
  for (const alert of await permitted(parts)) {
    const query = queryOfAlert(alert.q, clock.nowMs())
    if (query === null) continue
    const ids = rows
      .filter((row) => row.receivedAtMs >= alert.createdAtMs && matchesQuery(row, query))
      .map(({ id }) => id)
    const isMuted = (alert.mutedUntilMs ?? 0) > clock.nowMs()
    const added = await table.match(alert.id, ids, isMuted, clock.nowMs())
    if (added.length > 0) {
      await changed(table, alert.id, (now) => ({ matched: now.matched + added.length }))
    }
  }
  await table.setPlace({ seq: last.seq, id: last.row.id })
  return changes.length === CHANGES_PER_ROUND
}

/** Delivers what waits, where the time has come. */
export async function tellMatches(parts: AlertParts): Promise<void> {
  const { table, clock } = parts
  for (const alert of await permitted(parts)) {
    const nowMs = clock.nowMs()
    const isEarly =
      alert.retryAtMs === null
        ? alert.lastSentAtMs !== null && nowMs < alert.lastSentAtMs + alert.everyMs
        : nowMs < alert.retryAtMs
    if (isEarly || (alert.mutedUntilMs ?? 0) > nowMs) continue
    await deliver(parts, alert)
  }
  await tellAgain(parts)
  await table.forget(clock.nowMs() - KNOWN_MS)
}

/** What was given up and somebody asked for once more, whatever the alert waits for otherwise. */
async function tellAgain(parts: AlertParts): Promise<void> {
  const { table, clock } = parts
  const letters = await table.letters.take(clock.nowMs(), clock.nowMs() + LEASE_MS)
  if (letters.length === 0) return
  const alerts = new Map((await permitted(parts)).map((alert) => [alert.id, alert]))
  for (const letter of letters) {
    const { batch } = letter
    const alert = alerts.get(letter.alert)
    const fault =
      alert === undefined
        ? new Error('the alert is off, or its person may not see every exchange')
        : await told(parts, alert, { id: batch, exchanges: await table.inBatch(batch) })
    if (fault === null) await table.letters.sent(batch)
    else await giveUp(parts, { ...letter, attempts: letter.attempts + 1 }, fault)
  }
}

async function deliver(parts: AlertParts, alert: SearchAlertRow): Promise<void> {
  const { table, clock } = parts
  const nowMs = clock.nowMs()
  const batch = await table.batch(alert.id, `${alert.id}.${alert.sent + 1}.${nowMs}`)
  if (batch === null) return
  // Another worker that saw the same alert leaves it to the one that writes first.
  const mine: SearchAlertRow = { ...alert, lastSentAtMs: nowMs, version: alert.version + 1 }
  if (!(await table.update(mine))) return
  const fault = await told(parts, alert, batch)
  if (fault !== null) {
    await failed(parts, mine, batch.id, fault)
    return
  }
  await table.sent(batch.id)
  await changed(table, alert.id, () => ({ attempts: 0, retryAtMs: null, lastError: '' }))
}

/** Null when the receiver took it. */
async function told(
  parts: AlertParts,
  alert: SearchAlertRow,
  { id, exchanges }: AlertBatch,
): Promise<Error | null> {
  const rows = await parts.index.exchanges(exchanges.slice(0, NAMED_MAX))
  const count = exchanges.length
  try {
    await parts.tell({
      id,
      alert,
      count,
      rows: rows.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    })
  } catch (error) {
    return error instanceof Error ? error : new Error('failed')
  }
  await changed(parts.table, alert.id, ({ sent }) => ({ sent: sent + 1 }))
  await parts
    .note({
      type: 'search.alerted',
      atMs: parts.clock.nowMs(),
      actor: alert.person,
      details: { alert: alert.id, channel: alert.channel, exchanges: count },
    })
    .catch((error: unknown) => parts.onFault('alert not noted', error))
  return null
}

async function failed(
  parts: AlertParts,
  alert: SearchAlertRow,
  batch: string,
  error: Error,
): Promise<void> {
  const { table, clock } = parts
  const nowMs = clock.nowMs()
  const pauseMs = PAUSES_MS[alert.attempts]
  if (pauseMs === undefined) {
    const { id, channel, attempts } = alert
    await giveUp(parts, { batch, alert: id, channel, attempts: attempts + 1, error: '' }, error)
  }
  await changed(table, alert.id, ({ attempts }) => ({
    attempts: pauseMs === undefined ? 0 : attempts + 1,
    retryAtMs: pauseMs === undefined ? null : nowMs + pauseMs,
    lastError: failureReason(error),
    lastErrorAtMs: nowMs,
  }))
}

async function giveUp(
  { table, clock, onFault }: AlertParts,
  letter: Omit<AlertLetter, 'sinceMs'>,
  fault: Error,
): Promise<void> {
  await table.letters.giveUp({ ...letter, error: failureReason(fault), sinceMs: clock.nowMs() })
  onFault(`alert given up: ${letter.alert}`, fault)
}

/** Alerts of people who may still see every exchange: whoever lost the role hears no more. */
async function permitted({ table, people }: AlertParts): Promise<readonly SearchAlertRow[]> {
  const alerts = (await table.list()).filter(({ enabled }) => enabled)
  if (alerts.length === 0) return []
  const may = new Set(
    (await people.list())
      .filter((row) => row.disabledAtMs === null && reachOf('exchanges.list', row.roles) === 'all')
      .map(({ id }) => id),
  )
  return alerts.filter(({ person }) => may.has(person))
}

/** Null where it cannot be read, as after an upgrade: an alert never takes that for "everything". */
function queryOfAlert(q: string, nowMs: number): ExchangeQuery | null {
  const reading = parseQuery(q)
  return reading.kind === 'query' && reading.node !== null
    ? toExchangeQuery(reading.node, nowMs)
    : null
}

/** Whatever else changed it meanwhile. */
async function changed(
  table: SearchAlertTable,
  id: string,
  change: (now: SearchAlertRow) => Partial<SearchAlertRow>,
): Promise<void> {
  for (let tries = 0; tries < 10; tries += 1) {
    const now = await table.byId(id)
    if (now === null) return
    if (await table.update({ ...now, ...change(now), version: now.version + 1 })) return
  }
}
