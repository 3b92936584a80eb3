/** How the upstreams did lately, counted from the exchanges that went to them. */
import type { ExchangeQuery, ExchangeSearch } from '../model/exchange-query.ts'

export interface UpstreamHealth {
  readonly answered: number
  readonly failed: number
  readonly refused: number
  readonly open: number
  readonly lastSuccessAtMs: number | null
  readonly lastFailureAtMs: number | null
  readonly lastErrorCode: string | null
}

const FAILED_STATUS = ['5xx', '429']
const FAILED_OUTCOMES = ['gateway-error', 'upstream-failed']

export async function upstreamHealth(
  search: ExchangeSearch,
  upstream: string,
  sinceMs: number,
): Promise<UpstreamHealth> {
  const query = (values: ExchangeQuery['values']): ExchangeQuery => ({
    sinceMs,
    values: { ...values, upstream: [upstream] },
  })
  const { fields, total } = await search.facets(query({}), 1000)
  const count = (field: 'outcome' | 'state', value: string): number =>
    fields[field].find((one) => one.value === value)?.count ?? 0
  const [success] = await search.list(query({ outcome: ['answered'], status: ['2xx'] }), {
    limit: 1,
  })
  const [byOutcome] = await search.list(query({ outcome: FAILED_OUTCOMES }), { limit: 1 })
  const [byStatus] = await search.list(query({ outcome: ['answered'], status: FAILED_STATUS }), {
    limit: 1,
  })
  const failedAnswers = await search.facets(
    query({ outcome: ['answered'], status: FAILED_STATUS }),
    1,
  )
  const failure = [byOutcome, byStatus]
    .filter((row) => row !== undefined)
    .reduce<typeof byOutcome>(
      (latest, row) => (latest === undefined || row.id > latest.id ? row : latest),
      undefined,
    )
  const failed =
    failedAnswers.total +
    FAILED_OUTCOMES.reduce((sum, outcome) => sum + count('outcome', outcome), 0)
  return {
    answered: total === 0 ? 0 : count('outcome', 'answered') - failedAnswers.total,
    failed,
    refused: count('state', 'refused'),
    open: count('state', 'open'),
    lastSuccessAtMs: success?.endedAtMs ?? null,
    lastFailureAtMs: failure?.endedAtMs ?? null,
    lastErrorCode:
      failure === undefined
        ? null
        : (failure.errorCode ?? (failure.status === null ? null : `http-${failure.status}`)),
  }
}
