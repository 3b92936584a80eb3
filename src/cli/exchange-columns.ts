/** How one exchange looks in lists: columns for people, one JSON object for programs. */
import type { ExchangeRow } from '../model/record.ts'
import { bytesText, durationText, timeText } from './output.ts'
import type { Column } from './output.ts'

const orDash = (text: string | null): string => (text === null || text === '' ? '-' : text)

const tokensText = ({ inputTokens, outputTokens }: ExchangeRow): string =>
  inputTokens === null && outputTokens === null
    ? '-'
    : `${inputTokens ?? '?'}+${outputTokens ?? '?'}`

export const EXCHANGE_COLUMNS: readonly Column<ExchangeRow>[] = [
  { title: 'ID', of: (row) => row.id, widthMax: 32 },
  { title: 'TIME (UTC)', of: (row) => timeText(row.receivedAtMs), widthMax: 24 },
  { title: 'STATE', of: (row) => row.state, widthMax: 11 },
  { title: 'PRINCIPAL', of: (row) => orDash(row.principal), widthMax: 24 },
  { title: 'SERVICE', of: (row) => orDash(row.service), widthMax: 16 },
  { title: 'UPSTREAM', of: (row) => orDash(row.upstream), widthMax: 14 },
  { title: 'MODEL', of: (row) => orDash(row.model), widthMax: 28 },
  { title: 'STATUS', of: (row) => String(row.status ?? '-'), widthMax: 6, align: 'right' },
  { title: 'TOKENS', of: tokensText, widthMax: 15, align: 'right' },
  { title: 'REQUEST', of: (row) => bytesText(row.requestBytes), widthMax: 10, align: 'right' },
  { title: 'ANSWER', of: (row) => bytesText(row.answerBytes), widthMax: 10, align: 'right' },
  {
    title: 'TOOK',
    of: (row) => (row.durationMs === null ? '-' : durationText(row.durationMs)),
    widthMax: 8,
    align: 'right',
  },
]

export interface ExchangeJson extends ExchangeRow {
  /** ISO 8601, UTC. */
  readonly receivedAt: string
  readonly endedAt: string | null
}

export function exchangeJson(row: ExchangeRow): ExchangeJson {
  const { id, state, outcome, ...rest } = row
  return {
    id,
    state,
    outcome,
    receivedAt: new Date(row.receivedAtMs).toISOString(),
    endedAt: row.endedAtMs === null ? null : new Date(row.endedAtMs).toISOString(),
    ...rest,
  }
}
