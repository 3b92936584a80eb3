/** Where restricted content is guarded: what is restricted and why, who was let in, and who may let somebody in. */
import type { Clock } from '../../lib/clock.ts'
import { newControlId } from '../../lib/ids.ts'
import type { CaseTable } from '../../model/cases.ts'
import { fail } from '../../model/errors.ts'
import type { ExchangeRow } from '../../model/record.ts'
import type { AccessRow, AccessTable, RestrictedSettings } from '../../model/restricted.ts'
import { restrictionsOf } from '../../model/restricted.ts'

export interface Restriction {
  /** Why, in words; never the title of a sealed case. */
  readonly by: readonly string[]
  /** What lets this person in; null keeps them out. */
  readonly access: AccessRow | null
}

export interface AccessParts {
  readonly table: AccessTable
  readonly cases: CaseTable
  readonly clock: Clock
  readonly settings: () => RestrictedSettings
}

/** A request that nobody decided about is over after this. */
const DUE_MS = 24 * 3_600_000
const MINUTE_MS = 60_000
const ACTIVE_MAX = 200
/** An exchange is pinned in few cases. */
const CASES_MAX = 50

export type AccessDesk = ReturnType<typeof createAccessDesk>

export function createAccessDesk({ table, cases, clock, settings }: AccessParts) {
  const sealedCases = async (exchange: string): Promise<readonly string[]> => {
    const rows = await cases.list({ exchange, limit: CASES_MAX })
    return rows.filter(({ sealed }) => sealed).map(({ id }) => id)
  }
  /** By what somebody is kept out unless somebody else lets them in. */
  const barsOf = async (row: ExchangeRow, own: ReadonlySet<string>): Promise<readonly string[]> => {
    const sealed = (await sealedCases(row.id)).filter((id) => !own.has(id))
    return [...restrictionsOf(settings(), row), ...(sealed.length === 0 ? [] : ['a sealed case'])]
  }
  const restrictions = async (
    person: string,
    rows: readonly ExchangeRow[],
  ): Promise<ReadonlyMap<string, Restriction>> => {
    const found = new Map<string, Restriction>()
    if (rows.length === 0) return found
    const [own, active] = await Promise.all([
      cases.casesOf(person),
      table.list({ person, activeAtMs: clock.nowMs(), limit: ACTIVE_MAX }),
    ])
    for (const row of rows) {
      const by = await barsOf(row, own)
      if (by.length === 0) continue
      const access = active.find(({ exchanges }) => exchanges.includes(row.id)) ?? null
      found.set(row.id, { by, access })
    }
    return found
  }

  return {
    /** Of these exchanges, those whose content is restricted for this person. */
    restrictions,
    /** Rejects unless this person may read the content of all of them. */
    require: async (person: string, rows: readonly ExchangeRow[]): Promise<void> => {
      const closed = [...(await restrictions(person, rows))].filter(
        ([, { access }]) => access === null,
      )
      const [first] = closed
      if (first === undefined) return
      const reasons = [...new Set(closed.flatMap(([, { by }]) => by))].join(', ')
      throw fail(
        'content.restricted',
        rows.length === 1
          ? `Restricted by ${reasons}.`
          : `${closed.length} of ${rows.length} exchanges are restricted by ${reasons}: ${closed
              .slice(0, 5)
              .map(([id]) => id)
              .join(', ')}.`,
      )
    },
    byId: (id: string) => table.byId(id),
    list: table.list,
    ask: async (
      person: string,
      wish: Pick<AccessRow, 'exchanges' | 'reason' | 'minutes'>,
    ): Promise<AccessRow> => {
      const atMs = clock.nowMs()
      const row: AccessRow = {
        ...wish,
        id: newControlId('ca', atMs),
        person,
        createdAtMs: atMs,
        dueAtMs: atMs + DUE_MS,
        state: 'pending',
        decidedBy: null,
        decidedAtMs: null,
        decisionReason: '',
        expiresAtMs: null,
        endedAtMs: null,
      }
      await table.insert(row)
      return row
    },
    /** Rejects whoever may not decide about this one; gives the row as it is before. */
    mayDecide: async (id: string, person: string): Promise<AccessRow> => {
      const row = await table.byId(id)
      if (row === null) throw fail('api.not-found')
      if (row.person === person) throw fail('content.own-access')
      if (row.state !== 'pending' || row.endedAtMs !== null) throw fail('content.access-decided')
      if (clock.nowMs() >= row.dueAtMs) throw fail('content.access-expired')
      // Need to know: into what a sealed case holds, only its members let somebody in.
      const own = await cases.casesOf(person)
      for (const exchange of row.exchanges)
        if ((await sealedCases(exchange)).some((one) => !own.has(one))) throw fail('case.sealed')
      return row
    },
    decide: async (
      row: AccessRow,
      person: string,
      { isGranted, reason }: { readonly isGranted: boolean; readonly reason: string },
    ): Promise<AccessRow> => {
      const atMs = clock.nowMs()
      const expiresAtMs = isGranted ? atMs + row.minutes * MINUTE_MS : null
      const state = isGranted ? 'granted' : 'refused'
      const decision = { state, by: person, atMs, reason, expiresAtMs } as const
      if (!(await table.decide(row.id, decision))) throw fail('content.access-decided')
      return {
        ...row,
        state,
        decidedBy: person,
        decidedAtMs: atMs,
        decisionReason: reason,
        expiresAtMs,
      }
    },
    end: (id: string, person: string) => table.end(id, person, clock.nowMs()),
  }
}

export type AccessState = 'pending' | 'lapsed' | 'active' | 'expired' | 'refused' | 'ended'

export function accessState(row: AccessRow, nowMs: number): AccessState {
  if (row.endedAtMs !== null) return 'ended'
  if (row.state === 'refused') return 'refused'
  if (row.state === 'pending') return nowMs < row.dueAtMs ? 'pending' : 'lapsed'
  return row.expiresAtMs !== null && nowMs < row.expiresAtMs ? 'active' : 'expired'
}
