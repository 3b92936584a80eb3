/** How many recorded exchanges a second a policy is tried on, with findings as they were recorded. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readPolicy } from '../src/config/policy/read-policy.ts'
import { backtest } from '../src/incident/backtest.ts'
import type { ExchangeId } from '../src/lib/ids.ts'
import type { FindingRow } from '../src/model/masking.ts'
import type { ExchangeRow } from '../src/model/record.ts'
import type { Policy } from '../src/policy/policy.ts'
import { openStore } from '../src/store/store.ts'
import type { Store } from '../src/store/store.ts'
import { batchOf, closedRow } from '../test/store/samples.ts'

const PAGE = 2_000
const ROUNDS = 4
const POLICY = `version: 1
rules:
  - { id: cards, title: T, on: request, entities: [CREDIT_CARD], then: hold, stage: enforce }
  - { id: mails, title: T, on: request, entities: [EMAIL_ADDRESS], then: mask, stage: enforce }
  - { id: big, title: T, on: request, size: { bytes: 1000000 }, then: deny, stage: enforce }
  - { id: cel, title: T, on: request, when: 'findings.new("US_SSN") > 0', then: deny, stage: enforce }
`

export interface BacktestRate {
  readonly findings: string
  readonly aSecond: number
}

/** The best of some rounds: what else the machine does only makes them slower. */
export async function backtestRates(exchanges: number): Promise<readonly BacktestRate[]> {
  const reading = readPolicy(POLICY, 'bench')
  if (reading.kind !== 'policy') throw new Error(JSON.stringify(reading.problems))
  const { policy } = reading.loaded
  const folder = await mkdtemp(join(tmpdir(), 'custody-backtest-'))
  try {
    await using store = await openStore({ kind: 'sqlite', folder })
    await fill(store, exchanges)
    const seconds: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) seconds.push(await secondsOf(policy, store))
    return [
      { findings: 'findings as they were recorded', aSecond: exchanges / Math.min(...seconds) },
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function fill(store: Store, exchanges: number): Promise<void> {
  for (let from = 0; from < exchanges; from += PAGE) {
    const rows = Array.from({ length: PAGE }, (_, at) =>
      closedRow(from + at, { conversation: `cv_${(from + at) % 500}`, findingsIn: ['request'] }),
    )
    const findings = rows.flatMap(({ id }, at) => (at % 4 === 0 ? [findingOf(id, at)] : []))
    await store.index.apply(batchOf({ exchanges: rows, findings }))
  }
}

function findingOf(exchange: ExchangeId, at: number): FindingRow {
  const isCard = at % 8 === 0
  return {
    exchange,
    direction: 'request',
    entity: isCard ? 'CREDIT_CARD' : 'EMAIL_ADDRESS',
    rule: isCard ? 'credit-card' : 'email-address',
    score: 1,
    fingerprint: `fp-${at % 300}`,
    operator: 'keep',
    count: 1,
  }
}

async function secondsOf(policy: Policy, { search }: Store): Promise<number> {
  const startedAt = performance.now()
  await backtest(
    policy,
    {
      rows: forward(search),
      findingsOf: (ids) => search.findingsOf(ids),
      recorded: async () => null,
      progress: () => undefined,
    },
    'index',
  )
  return (performance.now() - startedAt) / 1000
}

async function* forward(search: Store['search']): AsyncGenerator<readonly ExchangeRow[]> {
  for (let after = ''; ;) {
    const page = await search.listForward(after, PAGE)
    if (page.length > 0) yield page
    const last = page.at(-1)
    if (page.length < PAGE || last === undefined) return
    after = last.id
  }
}

if (import.meta.main) {
  for (const { findings, aSecond } of await backtestRates(40_000))
    console.log(`${findings}: ${Math.round(aSecond)} exchanges a second`)
}
