/** The first words to those who must know: what happened, to whom, what was done. Ids, names and numbers; never content. */
import { visibleLine } from '../../lib/visible-text.ts'
import type { CaseEntryRow, CaseRow } from '../../model/cases.ts'
import type { PinnedExchange, Source } from './sources.ts'

export interface NoticeFacts {
  readonly row: CaseRow
  readonly pinned: readonly PinnedExchange[]
  readonly sources: readonly Source[]
  readonly entries: readonly CaseEntryRow[]
  readonly url: string
}

export interface NoticeText {
  readonly subject: string
  readonly text: string
}

const NAMES_MAX = 8
const line = (text: string): string => visibleLine(text, 120)
const moment = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`

export function noticeText({ row, pinned, sources, entries, url }: NoticeFacts): NoticeText {
  const rows = pinned.map((one) => one.row)
  const names = (values: readonly string[]): string => {
    const distinct = [...new Set(values.filter((value) => value !== ''))].map(line)
    const more = distinct.length - NAMES_MAX
    return `${distinct.slice(0, NAMES_MAX).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  }
  const times = rows.map(({ receivedAtMs }) => receivedAtMs).toSorted((a, b) => a - b)
  const done = entries.filter(({ kind, removedAtMs }) => kind === 'action' && removedAtMs === null)
  const [origin] = sources
  // A sealed case is for its members: outside, only that there is one.
  const title = row.sealed ? 'a sealed case' : line(row.title)
  return {
    subject: `[TLP:${row.tlp.toUpperCase()}] Case #${row.number} (${row.severity}): ${title}`,
    text: [
      `Case #${row.number}: ${title}. Severity ${row.severity}, state ${row.status}.`,
      times.length === 0
        ? 'Nobody is known to have been exposed yet.'
        : `${rows.length} exchanges from ${moment(times[0] ?? 0)} to ${moment(times.at(-1) ?? 0)}; exposed: ${names(rows.map(({ principal }) => principal))}.`,
      times.length === 0
        ? ''
        : `It was given to ${names(rows.map((one) => `${one.model ?? one.surface} at ${one.upstream}`))}.`,
      origin === undefined || origin.why.length === 0
        ? ''
        : `Likely origin: ${line(origin.keyName === '' ? origin.principal : origin.keyName)}${origin.service === '' ? '' : ` in ${line(origin.service)}`} (${origin.why.map(line).join('; ')}).`,
      done.length === 0
        ? 'Nothing was contained yet.'
        : `Done so far: ${names(done.map(({ text }) => text))}.`,
      `No prompt and no answer is quoted here. The case: ${url}`,
    ]
      .filter((one) => one !== '')
      .join('\n'),
  }
}
