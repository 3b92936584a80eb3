import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Exchange } from '../../api/exchanges.ts'
import { readQuery } from '../query/grammar.ts'
import { hasPivots, pivotsOf } from './pivots.ts'

const shape: Partial<Exchange> = {
  receivedAtMs: Date.UTC(2026, 10, 23, 12),
  principal: 'ci (nightly), "x"',
  service: '',
  status: 503,
  keyId: null,
  tools: ['read_file', 'mcp__a b'],
  fingerprints: ['0a1b'],
}
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only these fields are looked at
const row = shape as Exchange

const queries = (column: Parameters<typeof pivotsOf>[1], q = ''): readonly string[] =>
  pivotsOf(row, column, q).flatMap(({ to }) => (to.kind === 'query' ? [to.q] : []))

test('a value leads to itself, to the rest, an hour around it, and to its page', () => {
  assert.deepEqual(queries('status'), [
    'status:503',
    '-status:503',
    'status:503 after:2026-11-23T11:00Z before:2026-11-23T13:00Z',
    'status:503 last:30d',
  ])
  assert.deepEqual(pivotsOf(row, 'found', '').at(-1)?.to, {
    kind: 'entity',
    entity: 'finding',
    value: '0a1b',
  })
  assert.deepEqual(queries('time'), ['after:2026-11-23T11:00Z before:2026-11-23T13:00Z'])
})

test('every way is a query that can be read, whatever the value and the query before it', () => {
  for (const q of ['', 'model:a or model:b', 'last:7d status:5xx', 'not (verdict:allow or tag:x)'])
    for (const column of ['principal', 'tools', 'status', 'time', 'found'] as const)
      for (const text of queries(column, q)) assert.equal(readQuery(text).problem, null, text)
  assert.deepEqual(queries('status', 'model:a or model:b')[0], '(model:a or model:b) status:503')
})

test('a cell without a value has no menu', () => {
  assert.equal(hasPivots(row, 'service'), false)
  assert.equal(hasPivots(row, 'key'), false)
  assert.equal(hasPivots(row, 'duration'), false)
  assert.equal(hasPivots(row, 'principal'), true)
  assert.deepEqual(pivotsOf(row, 'duration', ''), [])
})
