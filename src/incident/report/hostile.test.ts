import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { test } from 'node:test'
import { closedRow } from '../../../test/store/samples.ts'
import type { CaseEntryRow, CaseRow } from '../../model/cases.ts'
import { noticeText } from '../run/notice-text.ts'
import { caseReport } from './case-report.ts'
import { reportHtml } from './report-html.ts'
import { reportPdf } from './report-pdf.ts'

/** What recorded text may be: markup, terminal escapes, reordered text, formulas, a line of a megabyte, a bomb in base64. */
const HOSTILE: readonly string[] = [
  '</title><script>alert(1)</script><img src=x onerror=alert(2)><iframe src="//evil.example">',
  '\u001b[2J\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007\u009b31m',
  'invoice\u202efdp.exe\u2066\u2069\u200b\ufeff',
  '=HYPERLINK("https://evil.example","x")\t+cmd|calc\r\n@SUM(A1)',
  `${'x'.repeat(1_000_000)}<b>`,
  gzipSync(Buffer.alloc(20_000_000)).toString('base64'),
  '%PDF-1.4 endobj trailer << /OpenAction << /JS (app.alert(1)) >> >>',
  '# *bold* <@U123> [here](https://evil.example) `code` \n\n---\n',
]

function caseOf(text: string) {
  const row: CaseRow = {
    id: 'cs_1',
    number: 1,
    title: text,
    question: text.slice(0, 4000),
    status: 'open',
    severity: 'low',
    tlp: 'amber',
    sealed: false,
    createdBy: 'per_1',
    createdAtMs: 0,
    updatedAtMs: 0,
    closedAtMs: null,
    version: 1,
  }
  const exchange = closedRow(1, { principal: text, model: text, service: text, upstream: text })
  const entry = (kind: CaseEntryRow['kind']): CaseEntryRow => ({
    id: `ce_${kind}`,
    caseId: 'cs_1',
    kind,
    atMs: 0,
    person: 'per_1',
    parent: null,
    target: kind === 'pin' ? exchange.id : text.slice(0, 200),
    span: null,
    text: text.slice(0, 10_000),
    task: kind === 'task' ? { assignee: 'per_1', isDone: false } : null,
    editedAtMs: null,
    removedAtMs: null,
    version: 1,
  })
  const kinds = ['pin', 'note', 'task', 'link', 'search', 'action', 'change'] as const
  return { row, exchange, entries: kinds.map(entry) }
}

const SEEN_BY_NOBODY =
  // oxlint-disable-next-line no-control-regex -- these characters are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069\ufeff]/

for (const text of HOSTILE)
  test(`a report and a message stay inert and short for ${JSON.stringify(text.slice(0, 24))}`, async () => {
    const { row, exchange, entries } = caseOf(text)
    const report = caseReport({
      row,
      members: [{ caseId: 'cs_1', person: 'per_1', addedBy: 'per_1', addedAtMs: 0 }],
      entries,
      exchanges: new Map([[exchange.id, exchange]]),
      nameOf: () => text,
      writtenBy: text,
      writtenAtMs: 0,
    })
    const html = reportHtml(report)
    assert.doesNotMatch(html, /<(?:script|img|iframe|b|link|object)\b|\son\w+\s*=\s*["']/i)
    assert.doesNotMatch(html, SEEN_BY_NOBODY)
    assert.ok(html.length < 400_000, `${html.length}`)
    const pdf = await reportPdf(report)
    assert.ok(pdf.length < 400_000, `${pdf.length}`)
    // Within a string of the file these words are words.
    const objects = pdf.toString('latin1').replaceAll(/\((?:\\.|[^\\)])*\)/gs, '()')
    assert.doesNotMatch(objects, /\/(?:JS|JavaScript|OpenAction|URI|Launch)\b/)
    const { subject, text: message } = noticeText({
      row,
      entries,
      pinned: [{ row: exchange, returned: true }],
      sources: [],
      url: 'http://127.0.0.1/cases/cs_1',
    })
    assert.doesNotMatch(`${subject}${message}`, SEEN_BY_NOBODY)
    assert.equal(subject.split('\n').length, 1)
    assert.ok(message.length < 4000)
  })
