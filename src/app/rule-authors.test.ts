import assert from 'node:assert/strict'
import { test } from 'node:test'
import { policyHash } from '../config/policy/read-policy.ts'
import type { PolicyVersionRow } from '../model/policy-version.ts'
import { createRuleAuthors } from './rule-authors.ts'

function textOf(rules: Readonly<Record<string, string>>): string {
  const each = Object.entries(rules).map(([id, rest]) => `  - { id: ${id}, ${rest} }\n`)
  return `version: 1\nrules:\n${each.join('')}`
}

function tableOf(written: readonly (readonly [author: string, text: string])[]) {
  const rows = written.map(([author, text], index): PolicyVersionRow => ({
    version: index + 1,
    hash: policyHash(text),
    text,
    author,
    authorName: author,
    note: '',
    createdAtMs: index,
  }))
  return {
    rows,
    read: async (version: number) => rows[version - 1] ?? null,
    latest: async () => rows.at(-1) ?? null,
  }
}

const CARDS = 'then: hold, entities: [CREDIT_CARD]'
const NAMES = 'then: hold, keywords: [bluebird]'

test('whoever made or changed a rule is one of its authors, and of no other rule', async () => {
  const first = textOf({ cards: CARDS })
  const second = textOf({ cards: CARDS, names: NAMES })
  const third = textOf({ cards: `${CARDS}, stage: shadow`, names: NAMES })
  const authorsOf = createRuleAuthors(
    tableOf([
      ['dana', first],
      ['erin', second],
      ['finn', third],
    ]),
  )
  const of = async (text: string) =>
    Object.fromEntries(
      [...(await authorsOf(policyHash(text)))].map(([rule, people]) => [rule, [...people]]),
    )
  assert.deepEqual(await of(first), { cards: ['dana'] })
  assert.deepEqual(await of(second), { cards: ['dana'], names: ['erin'] })
  assert.deepEqual(await of(third), { cards: ['dana', 'finn'], names: ['erin'] })
})

test('order, comments and tests of a rule make nobody its author', async () => {
  const again = `# for the auditors\nversion: 1\nrules:\n  - entities: ["CREDIT_CARD"]\n    then: hold\n    id: cards\n    tests: []\n`
  const authorsOf = createRuleAuthors(
    tableOf([
      ['dana', textOf({ cards: CARDS })],
      ['erin', again],
    ]),
  )
  const authors = await authorsOf(policyHash(again))
  assert.deepEqual([...(authors.get('cards') ?? [])], ['dana'])
})

test('versions that come later are followed, and a policy that is no version has no authors', async () => {
  const table = tableOf([['dana', textOf({ cards: CARDS })]])
  const authorsOf = createRuleAuthors(table)
  const later = textOf({ cards: CARDS, names: NAMES })
  assert.equal((await authorsOf(policyHash(later))).size, 0)
  table.rows.push({ ...table.rows[0]!, version: 2, text: later, hash: policyHash(later) })
  assert.equal((await authorsOf(policyHash(later))).size, 2)
})
