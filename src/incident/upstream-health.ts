/** How the upstreams did lately, counted from the exchanges that went to them. */
import type { ExchangeSearch, UpstreamTally } from '../model/exchange-query.ts'
import type { ExchangeRow } from '../model/record.ts'
import type { ExchangeIndex } from '../store/exchange-index.ts'

export interface UpstreamHealth {
  readonly answered: number
  readonly failed: number
  readonly refused: number
  readonly open: number
  readonly lastSuccessAtMs: number | null
  readonly lastFailureAtMs: number | null
  readonly lastErrorCode: string | null
}

/** By the name of the upstream; those that nothing went to are asked for as well. */
export async function upstreamHealth(
  { search, index }: { readonly search: ExchangeSearch; readonly index: ExchangeIndex },
  sinceMs: number,
): Promise<(upstream: string) => UpstreamHealth> {
  const all = await search.upstreamTallies(sinceMs)
  const of = Map.groupBy(all, ({ upstream }) => upstream)
  const newest = all.filter(({ way }) => way === 'succeeded' || way === 'failed')
  const rows = await index.exchanges(newest.map(({ newest: id }) => id))
  const byId = new Map(rows.map((row) => [row.id, row]))
  return (upstream) => healthOf(of.get(upstream) ?? [], byId)
}

function healthOf(
  tallies: readonly UpstreamTally[],
  rows: ReadonlyMap<string, ExchangeRow>,
): UpstreamHealth {
  const count = (isMeant: (tally: UpstreamTally) => boolean): number =>
    tallies.filter(isMeant).reduce((sum, tally) => sum + tally.count, 0)
  const last = (way: UpstreamTally['way']): ExchangeRow | undefined =>
    rows.get(
      tallies
        .filter((tally) => tally.way === way)
        .reduce((id, { newest }) => (newest > id ? newest : id), ''),
    )
  const failure = last('failed')
  return {
    answered: count(({ way }) => way === 'succeeded' || way === 'answered'),
    failed: count(({ way }) => way === 'failed'),
    refused: count(({ state }) => state === 'refused'),
    open: count(({ state }) => state === 'open'),
    lastSuccessAtMs: last('succeeded')?.endedAtMs ?? null,
    lastFailureAtMs: failure?.endedAtMs ?? null,
    lastErrorCode:
      failure === undefined
        ? null
        : (failure.errorCode ?? (failure.status === null ? null : `http-${failure.status}`)),
  }
}
