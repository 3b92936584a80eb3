/** How many recorded exchanges a second a policy is tried on, with findings as they were recorded. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readPolicy } from '../src/config/policy/read-policy.ts'
import { backtest } from '../src/incident/backtest.ts'
import { openStore } from '../src/store/store.ts'
import { batchOf, closedRow } from '../test/store/samples.ts'

const EXCHANGES = 40_000
const PAGE = 2_000
const ROUNDS = 4
const POLICY = `version: 1
rules:
  - { id: cards, title: T, on: request, entities: [CREDIT_CARD], then: hold, stage: enforce }
  - { id: mails, title: T, on: request, entities: [EMAIL_ADDRESS], then: mask, stage: enforce }
  - { id: big, title: T, on: request, size: { bytes: 1000000 }, then: deny, stage: enforce }
  - { id: cel, title: T, on: request, when: 'findings.new("US_SSN") > 0', then: deny, stage: enforce }
`

const reading = readPolicy(POLICY, 'bench')
if (reading.kind !== 'policy') throw new Error(JSON.stringify(reading.problems))
const { policy } = reading.loaded
const folder = await mkdtemp(join(tmpdir(), 'custody-backtest-'))
{
  await using store = await openStore({ kind: 'sqlite', folder })
  for (let from = 0; from < EXCHANGES; from += PAGE) {
    const exchanges = Array.from({ length: PAGE }, (_, at) =>
      closedRow(from + at, { conversation: `cv_${(from + at) % 500}`, findingsIn: ['request'] }),
    )
    const findings = exchanges.flatMap(({ id }, at) =>
      at % 4 === 0
        ? [
            {
              exchange: id,
              direction: 'request' as const,
              entity: at % 8 === 0 ? 'CREDIT_CARD' : 'EMAIL_ADDRESS',
              rule: at % 8 === 0 ? 'credit-card' : 'email-address',
              score: 1,
              fingerprint: `fp-${at % 300}`,
              operator: 'keep',
              count: 1,
            },
          ]
        : [],
    )
    await store.index.apply(batchOf({ exchanges, findings }))
  }
  async function* forward() {
    let after = ''
    for (;;) {
      const page = await store.search.listForward(after, PAGE)
      if (page.length > 0) yield page
      const last = page.at(-1)
      if (page.length < PAGE || last === undefined) return
      after = last.id
    }
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const startedAt = performance.now()
    const { exchanges } = await backtest(
      policy,
      {
        rows: forward(),
        findingsOf: (ids) => store.search.findingsOf(ids),
        recorded: async () => null,
        progress: () => undefined,
      },
      'index',
    )
    const seconds = (performance.now() - startedAt) / 1000
    console.log(`${exchanges} exchanges, ${Math.round(exchanges / seconds)} a second`)
  }
}
await rm(folder, { recursive: true, force: true })
