/** Puts the report of a case together: the answer so far on one page, then who, what, when, and what was done. */
import { visibleLine, visibleText } from '../../lib/visible-text.ts'
import type { CaseEntryRow, CaseMemberRow, CaseRow } from '../../model/cases.ts'
import type { ExchangeRow } from '../../model/record.ts'
import type { ReportDocument, ReportSection } from './document.ts'
import { section } from './document.ts'

export interface CaseReportFacts {
  readonly row: CaseRow
  readonly members: readonly CaseMemberRow[]
  /** Those taken back are left out by the report. */
  readonly entries: readonly CaseEntryRow[]
  /** Of the pinned exchanges that can still be found. */
  readonly exchanges: ReadonlyMap<string, ExchangeRow>
  /** Login of a person by id. */
  readonly nameOf: (person: string) => string
  readonly writtenBy: string
  readonly writtenAtMs: number
}

const LINE_CHARS = 300
const line = (text: string): string => visibleLine(text, LINE_CHARS)
const moment = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`

export function caseReport(facts: CaseReportFacts): ReportDocument {
  const { row } = facts
  return {
    title: `Case #${row.number}: ${line(row.title)}`,
    marking: `TLP:${row.tlp.toUpperCase()}`,
    subtitle: `written by ${line(facts.writtenBy)}, ${moment(facts.writtenAtMs)}`,
    summary: summaryOf(facts),
    annex: annexOf(facts),
  }
}

function summaryOf({ row, entries, exchanges }: CaseReportFacts): readonly ReportSection[] {
  const living = entries.filter(({ removedAtMs }) => removedAtMs === null)
  const seen = [...exchanges.values()]
  const times = seen.map(({ receivedAtMs }) => receivedAtMs).toSorted((a, b) => a - b)
  const distinct = (values: readonly string[]): string =>
    [...new Set(values.filter((value) => value !== ''))].toSorted().map(line).join(', ')
  const notes = living.filter(({ kind }) => kind === 'note')
  return [
    section('Question', {
      paragraphs: [row.question === '' ? 'None was written.' : visibleText(row.question)],
    }),
    section('State', {
      facts: [
        ['Status', row.status],
        ['Severity', row.severity],
        ['Opened', moment(row.createdAtMs)],
        ['Closed', row.closedAtMs === null ? 'not yet' : moment(row.closedAtMs)],
      ],
    }),
    section('Exposure', {
      facts: [
        ['Exchanges pinned', String(seen.length)],
        ['First', times[0] === undefined ? 'none' : moment(times[0])],
        ['Last', times.length === 0 ? 'none' : moment(times.at(-1) ?? 0)],
        ['Principals', distinct(seen.map(({ principal }) => principal)) || 'none'],
        ['Keys', distinct(seen.map(({ keyId }) => keyId ?? '')) || 'none'],
        ['Services, proven', distinct(seen.map(({ service }) => service)) || 'none'],
        [
          'Given to',
          distinct(seen.map((one) => `${one.upstream} ${one.model ?? ''}`.trim())) || 'none',
        ],
      ],
    }),
    section('What was done', {
      paragraphs: living.some(({ kind }) => kind === 'action') ? [] : ['Nothing is noted.'],
      table: actionsOf(living),
    }),
    section('Findings', {
      paragraphs: notes.length === 0 ? ['No notes.'] : notes.map(({ text }) => visibleText(text)),
    }),
  ]
}

function actionsOf(entries: readonly CaseEntryRow[]): ReportSection['table'] {
  const actions = entries.filter(({ kind }) => kind === 'action')
  if (actions.length === 0) return null
  return {
    head: ['When', 'What', 'About'],
    rows: actions.map(({ atMs, text, target }) => [moment(atMs), line(text), line(target)]),
  }
}

function annexOf(facts: CaseReportFacts): readonly ReportSection[] {
  const { members, entries, exchanges, nameOf } = facts
  const living = entries.filter(({ removedAtMs }) => removedAtMs === null)
  const pins = living.filter(({ kind }) => kind === 'pin')
  const tasks = living.filter(({ task }) => task !== null)
  return [
    section('Pinned exchanges', {
      paragraphs: pins.length === 0 ? ['None.'] : [],
      table: {
        head: ['Exchange', 'Arrived', 'Principal', 'Key', 'Model', 'Outcome', 'Remark'],
        rows: pins.map(({ target, text }) => pinned(target, text, exchanges.get(target))),
      },
    }),
    section('Timeline', {
      table: {
        head: ['When', 'Who', 'What', 'About', 'Text'],
        rows: entries.map((entry) => [
          moment(entry.atMs),
          line(nameOf(entry.person)),
          entry.kind,
          line(entry.target),
          entry.removedAtMs === null ? line(entry.text) : `taken back ${moment(entry.removedAtMs)}`,
        ]),
      },
    }),
    section('Tasks', {
      paragraphs: tasks.length === 0 ? ['None.'] : [],
      table: {
        head: ['For', 'State', 'Text'],
        rows: tasks.map(({ task, text }) => [
          line(nameOf(task?.assignee ?? '')),
          task?.isDone === true ? 'done' : 'open',
          line(text),
        ]),
      },
    }),
    section('Members', {
      table: {
        head: ['Who', 'Since', 'Let in by'],
        rows: members.map(({ person, addedAtMs, addedBy }) => [
          line(nameOf(person)),
          moment(addedAtMs),
          line(nameOf(addedBy)),
        ]),
      },
    }),
    section('How to check this report', {
      paragraphs: [
        'Each exchange id names a record in evidence. "custody show ID" reads it back, "custody proof ID" writes its inclusion proof, and "custody verify" checks the whole record offline, without the server that wrote it.',
        'This report quotes what people wrote in the case and metadata of exchanges. It holds no prompt and no answer.',
      ],
    }),
  ]
}

function pinned(id: string, remark: string, row: ExchangeRow | undefined): readonly string[] {
  if (row === undefined)
    return [id, 'not found: erased, or of another installation', '', '', '', '', line(remark)]
  return [
    id,
    moment(row.receivedAtMs),
    line(row.principal),
    line(row.keyId ?? ''),
    line(row.model ?? ''),
    line(row.outcome ?? row.state),
    line(remark),
  ]
}
