import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { stalePages, writePages } from './generate-docs.ts'
import { ERRORS } from '../src/model/errors.ts'
import { METRICS } from '../src/telemetry/metric-table.ts'

const root = join(import.meta.dirname, '..')

test('the committed reference pages are what the code says', () => {
  assert.deepEqual(stalePages(root), [])
})

test('a page that was edited by hand or is missing is noticed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'custody-docs-'))
  try {
    assert.equal(stalePages(folder).length > 3, true)
    writePages(folder)
    assert.deepEqual(stalePages(folder), [])
    appendFileSync(join(folder, 'docs/reference/errors.md'), 'x')
    assert.deepEqual(stalePages(folder), ['docs/reference/errors.md'])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('the pages hold every error code and every metric', () => {
  const errors = readFileSync(join(root, 'docs/reference/errors.md'), 'utf8')
  for (const code of Object.keys(ERRORS)) assert.ok(errors.includes(`\`${code}\``), code)
  const metrics = readFileSync(join(root, 'docs/reference/metrics.md'), 'utf8')
  for (const { name } of Object.values(METRICS)) assert.ok(metrics.includes(`\`${name}\``), name)
})
