/** How one exchange looks in lists: columns for people, one JSON object for programs. */
import { linkedConversation } from '../model/linked-conversation.ts'
import type { ExchangeRow } from '../model/record.ts'
import { bytesText, durationText, timeText } from './output.ts'
import type { Column } from './output.ts'

const orDash = (text: string | null): string => (text === null || text === '' ? '-' : text)

const tokensText = ({ inputTokens, outputTokens }: ListedExchange): string =>
  inputTokens === null && outputTokens === null
    ? '-'
    : `${inputTokens ?? '?'}+${outputTokens ?? '?'}`

/** What lists need of a row, read from the index or through the API. */
export type ListedExchange = Pick<
  ExchangeRow,
  | 'state'
  | 'outcome'
  | 'receivedAtMs'
  | 'endedAtMs'
  | 'principal'
  | 'service'
  | 'upstream'
  | 'model'
  | 'status'
  | 'inputTokens'
  | 'outputTokens'
  | 'requestBytes'
  | 'answerBytes'
  | 'durationMs'
> & {
  readonly id: string
  /** Legal holds in force on it; absent where nobody asked. */
  readonly holds?: readonly string[]
  /** The conversation it was linked to; absent in rows of a folder, which have the end of the context instead. */
  readonly linked?: string | null
  readonly contextEnd?: string | null
}

export const EXCHANGE_COLUMNS: readonly Column<ListedExchange>[] = [
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

/** Shown where anything in the list is held. */
export const HELD_COLUMN: Column<ListedExchange> = {
  title: 'HELD',
  of: ({ holds = [] }) =>
    holds.length > 1 ? `${holds[0]} +${holds.length - 1}` : (holds[0] ?? ''),
  widthMax: 33,
}

/** With `receivedAt` and `endedAt` in ISO 8601, UTC. */
export function exchangeJson<Row extends ListedExchange>(row: Row) {
  const { id, state, outcome, linked, ...rest } = row
  return {
    id,
    state,
    outcome,
    receivedAt: new Date(row.receivedAtMs).toISOString(),
    endedAt: row.endedAtMs === null ? null : new Date(row.endedAtMs).toISOString(),
    ...rest,
    linked: linked ?? linkedHere(row),
  }
}

/** Of a row of this folder, as the API says it. */
export function linkedHere({
  contextEnd = null,
  principal,
}: Pick<ListedExchange, 'contextEnd' | 'principal'>): string | null {
  return contextEnd === null ? null : linkedConversation(principal, contextEnd)
}
