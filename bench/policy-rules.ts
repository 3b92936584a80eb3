/** What a policy of a hundred rules costs an exchange: CPU of one evaluation, by what the rules ask. */
import { readPolicy } from '../src/config/policy/read-policy.ts'
import { evaluate } from '../src/policy/evaluate.ts'
import { givenFacts } from '../src/policy/run-tests.ts'

const RULES = 100
const ROUNDS = 2_000
const WARM = 500
const TEXT = `pay with 4111 1111 1111 1111 and word${RULES - 1}, about ${'some words '.repeat(150)}`

const KINDS: Readonly<Record<string, (n: number) => string>> = {
  'keywords, groups, models': (n) =>
    `keywords: [word${n}, other${n}], unless: { groups: [staff${n}] }, models: ['gpt-*']`,
  'detectors and sizes': () => 'entities: [CREDIT_CARD], size: { bytes: 100 }',
  'CEL of four clauses': (n) =>
    `when: 'findings.new("CREDIT_CARD") > 0 && !("payments" in caller.groups) && request.tokens < 90000 && upstream != "u${n}"'`,
}

export interface PolicyCost {
  readonly rules: string
  /** CPU of one evaluation. */
  readonly micros: number
}

export function policyCosts(rounds = ROUNDS): readonly PolicyCost[] {
  return Object.entries(KINDS).map(([name, fields]) => ({
    rules: `${RULES} rules of ${name}`,
    micros: evaluationMicros(fields, rounds),
  }))
}

function evaluationMicros(fields: (n: number) => string, rounds: number): number {
  const rules = Array.from(
    { length: RULES },
    (_, n) =>
      `  - { id: r${n}, title: T, on: request, ${fields(n)}, then: deny, stage: enforce }\n`,
  )
  const reading = readPolicy(`version: 1\nrules:\n${rules.join('')}`, 'bench')
  if (reading.kind !== 'policy') throw new Error(JSON.stringify(reading.problems))
  const { policy } = reading.loaded
  const facts = givenFacts(policy, { text: TEXT, caller: { groups: ['contractors'] } })
  for (let round = 0; round < Math.min(WARM, rounds); round += 1) evaluate(policy, facts)
  const before = process.cpuUsage()
  for (let round = 0; round < rounds; round += 1) evaluate(policy, facts)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / rounds
}

if (import.meta.main) {
  for (const { rules, micros } of policyCosts())
    console.log(`${rules}: ${micros.toFixed(0)} us CPU an exchange`)
}
