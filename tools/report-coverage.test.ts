import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CaseRow } from '../src/model/cases.ts'
import { caseReport } from '../src/incident/report/case-report.ts'
import { COVERAGE } from './reference/report-coverage.ts'

const ROW: CaseRow = {
  id: 'cs_1',
  number: 1,
  title: 'T',
  question: '',
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

test('every section that the coverage names is in the report, and every section of the report is named', () => {
  const report = caseReport({
    row: ROW,
    members: [],
    entries: [],
    exchanges: new Map(),
    nameOf: (person) => person,
    writtenBy: 'ines',
    writtenAtMs: 0,
  })
  const written = new Set([...report.summary, ...report.annex].map(({ title }) => title))
  const named = new Set(COVERAGE.flatMap(({ sections }) => sections))
  assert.deepEqual(
    [...named].filter((title) => !written.has(title)),
    [],
  )
  assert.deepEqual(
    [...written].filter((title) => !named.has(title)),
    [],
  )
  for (const { field, sections, besides } of COVERAGE)
    assert.ok(sections.length > 0 || besides !== '', `${field} is covered somewhere`)
})
