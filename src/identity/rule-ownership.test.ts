import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TrustRuleUse } from '../model/trust.ts'
import { ruleStanding } from './rule-ownership.ts'
import { collectRuleUses } from './rule-uses.ts'

const DAY_MS = 86_400_000
const NOW_MS = 1000 * DAY_MS
const people = new Map([
  ['ana', { disabledAtMs: null }],
  ['gone', { disabledAtMs: NOW_MS - 10 * DAY_MS }],
])
const use = (daysAgo: number, rule = 'ci'): TrustRuleUse => ({
  rule,
  actor: '',
  principal: 'job',
  lastUsedAtMs: NOW_MS - daysAgo * DAY_MS,
})

test('a rule is flagged for its owner, and for not letting anybody in for long', () => {
  for (const [owner, uses, sinceDaysAgo, flags, endsInDays] of [
    ['ana', [], 59, [], null],
    ['ana', [], 60, ['stale'], 30],
    ['ana', [use(90), use(59)], 400, [], null],
    ['ana', [use(60)], 400, ['stale'], 30],
    ['ana', [use(99)], 1, [], null],
    ['ana', [use(1, 'other')], 85, ['stale'], 5],
    ['ana', [], null, [], null],
    ['ana', [use(60)], null, ['stale'], 30],
    ['gone', [use(1)], 1, ['owner-gone'], 20],
    ['gone', [use(99)], 400, ['owner-gone', 'stale'], -9],
    ['nobody', [use(1)], 1, ['ownerless'], null],
    ['nobody', [use(99)], 400, ['ownerless', 'stale'], -9],
  ] as const) {
    const standing = ruleStanding(
      { name: 'ci', owner, endedAtMs: null },
      {
        people,
        uses,
        sinceMs: sinceDaysAgo === null ? null : NOW_MS - sinceDaysAgo * DAY_MS,
        rules: { staleAfterMs: 60 * DAY_MS, graceMs: 30 * DAY_MS },
        nowMs: NOW_MS,
      },
    )
    const end = standing.endsAtMs === null ? null : (standing.endsAtMs - NOW_MS) / DAY_MS
    assert.deepEqual(
      [standing.flags, end],
      [flags, endsInDays],
      JSON.stringify([owner, uses, sinceDaysAgo]),
    )
  }
})

test('uses are written together, kept when that fails, and bounded however many actors there are', async () => {
  const written: TrustRuleUse[][] = []
  let isFailing = false
  let failures = 0
  let nowMs = 1
  await using uses = collectRuleUses({
    table: {
      touch: async (rows) => {
        if (isFailing) throw new Error('no database')
        written.push([...rows])
      },
      list: async () => [],
      removeBefore: async () => {},
    },
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    onFailure: () => (failures += 1),
  })
  const by = (actor: string, rule = 'ci') =>
    uses.used({
      id: 'job',
      kind: 'job',
      method: 'oidc',
      service: '',
      groups: [],
      keyId: null,
      actor,
      rule,
      issuer: '',
      claims: {},
      allowedUpstreams: null,
      allowedModels: null,
    })
  by('bob')
  by('bob', '')
  nowMs = 2
  by('bob')
  isFailing = true
  await uses.flush()
  nowMs = 3
  by('eve')
  isFailing = false
  await uses.flush()
  assert.deepEqual(
    written.map((rows) => rows.map(({ actor, lastUsedAtMs }) => [actor, lastUsedAtMs])),
    [
      [
        ['bob', 2],
        ['eve', 3],
      ],
    ],
  )
  assert.equal(failures, 1)
  await uses.flush()
  assert.equal(written.length, 1)
  for (let n = 0; n < 6_000; n += 1) by(`actor ${n}`)
  await uses.flush()
  assert.equal(written[1]?.length, 5_000)
})
