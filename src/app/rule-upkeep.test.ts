import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ruleOf } from '../../test/harness/trust.ts'
import { temporaryFolder } from '../../test/harness/temporary-folder.ts'
import { createTrustBook } from '../identity/jwt/trust-book.ts'
import { createPerson } from '../identity/people-admin.ts'
import { createRule, handOverRule, listRules } from '../identity/trust-admin.ts'
import type { InstanceId } from '../lib/ids.ts'
import type { EventType, EvidenceEvent } from '../model/record.ts'
import type { Recorder } from '../model/recorder.ts'
import type { TrustRule } from '../model/trust.ts'
import type { ExchangeIndex } from '../store/exchange-index.ts'
import { openStore } from '../store/store.ts'
import { keepRuleJournal } from './rule-journal.ts'
import { keepRules } from './rule-upkeep.ts'

const DAY_MS = 86_400_000
const KEY_RULES = { staleAfterMs: 60 * DAY_MS, graceMs: 30 * DAY_MS, ownersArePeople: false }
const OURS = 'in_1' as InstanceId
const THEIRS = 'in_2' as InstanceId
const written = (owner: string) => ({ issuer: 'https://a.example', audience: 'x', owner })
const fileRule = (name: string, owner: string) => ruleOf(written(owner), name)

/** A gateway's keeping of rules without the gateway: store, people, book, upkeep, journal, and a clock. */
async function keeping(rules: TrustRule[], past: EvidenceEvent[] = [], instance = OURS) {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(temporaryFolder())
  const store = stack.use(await openStore({ kind: 'sqlite', folder: folder.path }))
  const clock = { now: 1000 * DAY_MS, nowMs: () => clock.now, monotonicMs: () => clock.now }
  const { control } = store
  const trust = { now: rules }
  const parts = { control, clock, keyRules: () => KEY_RULES, configured: () => trust.now }
  const book = createTrustBook({
    table: control.trustRules,
    terms: control.trustRuleTerms,
    config: () => ({ rules: trust.now, allowPrivateIssuers: true }),
    clock,
    onUnreadable: () => assert.fail('a rule cannot be read'),
  })
  const warnings: unknown[] = []
  const log = { warn: (facts: object, text: string) => void warnings.push([text, facts]) }
  const upkeep = stack.use(keepRules({ ...parts, log }))
  const noted: EvidenceEvent[] = []
  const recorder = { note: async (event: EvidenceEvent) => void noted.push(event) }
  const events = past.map((event, n) => ({
    id: String(n),
    event,
    instance,
    segment: 0,
    offset: n,
  }))
  const journal = async () => {
    const kept = await keepRuleJournal({
      control,
      configured: () => trust.now,
      version: book.version,
      index: {
        eventsOfTypes: async (types: readonly EventType[]) =>
          events
            .filter(({ event }) => types.includes(event.type))
            .toSorted((one, other) => one.event.atMs - other.event.atMs),
      } as unknown as ExchangeIndex,
      recorder: recorder as unknown as Recorder,
      isLocal: (name) => name === OURS,
      clock,
    })
    // The end waits for a last look.
    await kept[Symbol.asyncDispose]()
    return noted.map(({ type, details }) => `${type} ${details['rule']}`)
  }
  for (const login of ['ana', 'bo'])
    await createPerson(control.people, clock, { login, name: '', roles: ['member'] })
  await upkeep.look()
  const owned = stack.move()
  return {
    ...parts,
    trust,
    clock,
    upkeep,
    warnings,
    noted,
    journal,
    ended: async () =>
      (await book.rules()).filter(({ endedAtMs }) => endedAtMs !== null).map(({ name }) => name),
    use: (rule: string) =>
      control.trustRuleUses.touch([{ rule, actor: '', principal: 'p', lastUsedAtMs: clock.now }]),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

test('rules that let nobody in end after the grace, those of custody.yaml too, and a use renews them', async () => {
  await using kept = await keeping([fileRule('idle', 'ana'), fileRule('busy', 'ana')])
  await createRule(kept, { name: 'stored', written: written('ana'), by: 'ana' })
  kept.clock.now += 89 * DAY_MS
  await kept.upkeep.look()
  assert.deepEqual(await kept.ended(), [])
  assert.deepEqual(
    (await listRules(kept)).map(({ rule, endsAtMs }) => [rule.name, endsAtMs]),
    ['idle', 'busy', 'stored'].map((name) => [name, kept.clock.now + DAY_MS]),
  )
  // Said once, with the day.
  await kept.upkeep.look()
  assert.equal(kept.warnings.length, 3, JSON.stringify(kept.warnings))
  await kept.use('busy')
  kept.clock.now += DAY_MS
  await kept.upkeep.look()
  await kept.upkeep.look()
  assert.deepEqual(await kept.ended(), ['idle', 'stored'])
  assert.equal(kept.warnings.length, 5, JSON.stringify(kept.warnings))
})

test('an ended rule is renewed by a hand-over, or by a change of what custody.yaml says, and not by a use', async () => {
  await using kept = await keeping([fileRule('one', 'ana'), fileRule('two', 'ana')])
  await createRule(kept, { name: 'stored', written: written('ana'), by: 'ana' })
  kept.clock.now += 90 * DAY_MS
  await kept.upkeep.look()
  assert.deepEqual(await kept.ended(), ['one', 'two', 'stored'])
  await kept.use('one')
  await kept.upkeep.look()
  assert.deepEqual(await kept.ended(), ['one', 'two', 'stored'])
  assert.deepEqual(await handOverRule(kept, 'one', 'bo'), { kind: 'configured' })
  assert.deepEqual(await handOverRule(kept, 'stored', 'nobody'), { kind: 'no-person' })
  assert.equal((await handOverRule(kept, 'one', 'ana')).kind, 'saved')
  assert.equal((await handOverRule(kept, 'stored', 'bo')).kind, 'saved')
  assert.deepEqual(await kept.ended(), ['two'])
  kept.trust.now = [fileRule('one', 'ana'), fileRule('two', 'bo')]
  assert.deepEqual(await kept.ended(), [])
  await kept.upkeep.look()
  assert.deepEqual(await kept.ended(), [])
  kept.clock.now += 90 * DAY_MS
  await kept.upkeep.look()
  assert.deepEqual(await kept.ended(), ['one', 'two', 'stored'])
})

test('a rule whose owner left ends after the grace, however much it is used', async () => {
  await using kept = await keeping([])
  await createRule(kept, { name: 'stored', written: written('ana'), by: 'ana' })
  const ana = await kept.control.people.byLogin('ana')
  assert.ok(ana !== null)
  await kept.control.people.update(ana.id, ana.version, {
    ...ana,
    disabledAtMs: kept.clock.now,
  })
  kept.clock.now += 30 * DAY_MS - 1
  await kept.use('stored')
  await kept.upkeep.look()
  assert.deepEqual(await kept.ended(), [])
  kept.clock.now += 1
  await kept.upkeep.look()
  assert.deepEqual(await kept.ended(), ['stored'])
})

test('each rule, change, end and renewal is evidence once, and so is what changed while no gateway ran', async () => {
  await using kept = await keeping([fileRule('file', 'ana')])
  await createRule(kept, { name: 'stored', written: written('ana'), by: 'bo' })
  assert.deepEqual(await kept.journal(), ['trust-rule.created file', 'trust-rule.created stored'])
  assert.deepEqual(
    kept.noted.map(({ actor, details }) => [actor, details['source'], details['owner']]),
    [
      ['', 'custody.yaml', 'ana'],
      ['bo', 'console', 'ana'],
    ],
  )
  const before = [...kept.noted]
  await using next = await keeping([fileRule('file', 'bo')], before)
  assert.deepEqual(await next.journal(), ['trust-rule.changed file', 'trust-rule.removed stored'])
  assert.deepEqual(
    [next.noted[0]?.details['owner'], next.noted[0]?.details['ownerBefore']],
    ['bo', 'ana'],
  )
  next.clock.now += 90 * DAY_MS
  await next.upkeep.look()
  await using other = await keeping([fileRule('file', 'ana')], before, THEIRS)
  assert.deepEqual(await other.journal(), ['trust-rule.created file'])
})

test('an end and a renewal are written with their reason', async () => {
  await using first = await keeping([fileRule('file', 'ana')])
  await first.journal()
  const [created] = first.noted
  assert.ok(created !== undefined)
  await using kept = await keeping([fileRule('file', 'ana')], [created])
  kept.clock.now += 90 * DAY_MS
  await kept.upkeep.look()
  assert.deepEqual(await kept.journal(), ['trust-rule.ended file'])
  assert.equal(kept.noted[0]?.details['because'], 'stale')
  await using unknown = await keeping(
    [fileRule('file', 'ana')],
    [created, { ...kept.noted[0], atMs: created.atMs + 1 }],
  )
  assert.deepEqual(await unknown.journal(), ['trust-rule.renewed file'])
})
