import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPolicy } from '../config/policy/read-policy.ts'
import type { FindingRow } from '../model/masking.ts'
import type { ExchangeRow } from '../model/record.ts'
import type { Policy } from '../policy/policy.ts'
import { closedRow } from '../../test/store/samples.ts'
import { backtest, depthFor } from './backtest.ts'

function policyOf(rules: string): Policy {
  const reading = readPolicy(`version: 1\nrules:\n${rules}`, 'test')
  if (reading.kind !== 'policy') assert.fail(JSON.stringify(reading.problems))
  return reading.loaded.policy
}

const CARDS = `  - { id: cards, title: T, on: request, entities: [CREDIT_CARD], then: hold, stage: shadow }
  - { id: big, title: T, on: request, size: { bytes: 5000 }, then: deny, stage: enforce }
  - { id: none, title: T, on: request, models: [claude], then: mask, stage: off }
`

const finding = (row: ExchangeRow, fingerprint: string): FindingRow => ({
  exchange: row.id,
  direction: 'request',
  entity: 'CREDIT_CARD',
  rule: 'credit-card',
  score: 1,
  fingerprint,
  operator: 'keep',
  count: 1,
})

async function* pages(rows: readonly ExchangeRow[]): AsyncGenerator<readonly ExchangeRow[]> {
  for (let from = 0; from < rows.length; from += 100) yield rows.slice(from, from + 100)
}

const run = (policy: Policy, rows: readonly ExchangeRow[], findings: readonly FindingRow[]) =>
  backtest(policy, {
    rows: pages(rows),
    findingsOf: async (ids) => findings.filter(({ exchange }) => ids.includes(exchange)),
    recorded: async () => assert.fail('the index is enough'),
    progress: () => undefined,
  })

test('recorded findings are put before a policy: what would have been held, denied, and how many cards that is', async () => {
  const policy = policyOf(CARDS)
  assert.equal(depthFor(policy), 'index')
  const found = { findingsIn: ['request' as const] }
  const rows = [
    closedRow(1, { conversation: 'cv_1', ...found }),
    // The same value again: carried over, so nobody is asked.
    closedRow(2, { conversation: 'cv_1', ...found }),
    closedRow(3, { conversation: 'cv_2', ...found, service: 'billing' }),
    closedRow(4, { requestBytes: 6000 }),
    closedRow(5, { requestBytes: 6000, verdict: 'deny', policyHash: 'x' }),
    closedRow(6, { verdict: 'deny', policyHash: 'x' }),
    closedRow(7, { model: 'claude' }),
  ]
  const [one, two, three] = rows
  const report = await run(policy, rows, [
    finding(one!, 'f1'),
    finding(two!, 'f1'),
    finding(three!, 'f1'),
  ])
  assert.deepEqual(
    report.rules.map(({ rule, hits }) => [rule, hits]),
    [
      ['cards', 2],
      ['big', 2],
    ],
  )
  assert.equal(report.exchanges, 7)
  assert.equal(report.newlyHeld, 2)
  assert.equal(report.newlyDenied, 1)
  assert.equal(report.newlyAllowed, 1)
  assert.equal(report.cards, 2)
  assert.deepEqual(report.byService, { checkout: 3, billing: 1 })
  assert.deepEqual(report.rules[0]?.samples, [three?.id, one?.id])
})

test('rules that need more than the index say so', () => {
  const depth = (fields: string): string =>
    depthFor(policyOf(`  - { id: a, title: T, then: deny, stage: enforce, ${fields} }\n`))
  assert.equal(depth('on: request, packs: [pci]'), 'index')
  assert.equal(depth('on: request, groups: [a]'), 'record')
  assert.equal(depth('on: request, size: { newBytes: 1 }'), 'record')
  assert.equal(depth('on: tool_result, packs: [pci]'), 'record')
  assert.equal(depth('on: request, when: "\\"a\\" in caller.groups"'), 'record')
  assert.equal(depth('on: request, keywords: [a]'), 'text')
  assert.equal(depth("on: request, patterns: ['ab']"), 'text')
})
