/** The columns of the list: how wide, what they show. Which are shown is in the address. */
import type { ReactNode } from 'react'
import type { Exchange } from '../../api/exchanges.ts'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { formatBytes, formatCount, formatDuration } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { StateBadge, StatusCode } from '../../ui/state-badge.tsx'
import { HeldMark } from '../keeping/held-mark.tsx'

export interface Column {
  readonly title: string
  readonly width: string
  readonly align?: 'right'
  readonly cell: (exchange: Exchange) => ReactNode
}

const LINE_MAX = 120
const text = (value: string | null): ReactNode =>
  value === null || value === '' ? '–' : visibleLine(value, LINE_MAX)
const count = (value: number | null): ReactNode => (value === null ? '–' : formatCount(value))
const duration = (value: number | null): ReactNode => (value === null ? '–' : formatDuration(value))

export const COLUMNS = {
  time: {
    title: 'Time (UTC)',
    width: '108px',
    cell: (row) => <Moment ms={row.receivedAtMs} short />,
  },
  state: {
    title: 'State',
    width: '108px',
    cell: (row) => (
      <>
        <StateBadge state={row.state} />
        <HeldMark holds={row.holds} />
      </>
    ),
  },
  status: { title: 'Status', width: '58px', cell: (row) => <StatusCode status={row.status} /> },
  principal: {
    title: 'Principal',
    width: 'minmax(90px, 1.2fr)',
    cell: (row) => text(row.principal),
  },
  service: { title: 'Service', width: 'minmax(80px, 1fr)', cell: (row) => text(row.service) },
  model: { title: 'Model', width: 'minmax(110px, 1.2fr)', cell: (row) => text(row.model) },
  upstream: { title: 'Upstream', width: 'minmax(80px, 0.8fr)', cell: (row) => text(row.upstream) },
  surface: { title: 'Surface', width: 'minmax(140px, 1.2fr)', cell: (row) => text(row.surface) },
  tokens: {
    title: 'Tokens in/out',
    width: '96px',
    align: 'right',
    cell: (row) =>
      row.inputTokens === null && row.outputTokens === null ? (
        '–'
      ) : (
        <>
          {count(row.inputTokens)} / {count(row.outputTokens)}
        </>
      ),
  },
  firstByte: {
    title: 'First byte',
    width: '80px',
    align: 'right',
    cell: (row) => duration(row.firstByteMs),
  },
  duration: {
    title: 'Duration',
    width: '80px',
    align: 'right',
    cell: (row) => duration(row.durationMs),
  },
  requestBytes: {
    title: 'Request',
    width: '80px',
    align: 'right',
    cell: (row) => formatBytes(row.requestBytes),
  },
  answerBytes: {
    title: 'Answer',
    width: '80px',
    align: 'right',
    cell: (row) => formatBytes(row.answerBytes),
  },
  declared: {
    title: 'Declared service',
    width: 'minmax(110px, 1fr)',
    cell: (row) => text(row.declaredService),
  },
  outcome: { title: 'Outcome', width: '118px', cell: (row) => text(row.outcome) },
  error: { title: 'Error code', width: 'minmax(120px, 1fr)', cell: (row) => text(row.errorCode) },
  key: { title: 'Key', width: 'minmax(110px, 1fr)', cell: (row) => text(row.keyId) },
  address: { title: 'Address', width: '118px', cell: (row) => text(row.remoteAddress) },
  client: { title: 'Client', width: 'minmax(130px, 1.2fr)', cell: (row) => text(row.userAgent) },
  found: {
    title: 'Found in it',
    width: 'minmax(120px, 1fr)',
    cell: (row) => text(row.entities.join(', ')),
  },
  tools: {
    title: 'Tools',
    width: 'minmax(120px, 1fr)',
    cell: (row) => text(row.tools.join(', ')),
  },
  holds: {
    title: 'Legal holds',
    width: 'minmax(120px, 1fr)',
    cell: (row) => text(row.holds.join(' ')),
  },
  id: { title: 'Id', width: '250px', cell: (row) => row.id },
} as const satisfies Readonly<Record<string, Column>>

export type ColumnName = keyof typeof COLUMNS

const COLUMNS_DEFAULT: readonly ColumnName[] = [
  'time',
  'state',
  'principal',
  'service',
  'model',
  'upstream',
  'status',
  'tokens',
  'duration',
]

export const COLUMN_NAMES = Object.keys(COLUMNS).filter(isColumnName)

function isColumnName(name: string): name is ColumnName {
  return Object.hasOwn(COLUMNS, name)
}

export function columnOf(name: ColumnName): Column {
  return COLUMNS[name]
}

/** Unknown names are left out; nothing left means the usual ones. */
export function readColumns(value: string | undefined): readonly ColumnName[] {
  const names = (value ?? '').split(',').filter(isColumnName)
  return names.length === 0 ? COLUMNS_DEFAULT : [...new Set(names)]
}

/** Undefined for the usual ones, so that a plain address stays plain. */
export function writeColumns(names: readonly ColumnName[]): string | undefined {
  const value = names.join(',')
  return value === COLUMNS_DEFAULT.join(',') ? undefined : value
}
