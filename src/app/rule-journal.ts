/** Makes each change of a trust rule evidence, be it of the console, of custody.yaml, or its end for being left behind. */
import { rulesInForce } from '../identity/trust-admin.ts'
import { ruleDigest, termOf, termsByRule } from '../identity/rule-terms.ts'
import type { NamedRule, TermsByRule } from '../identity/rule-terms.ts'
import type { Clock } from '../lib/clock.ts'
import type { InstanceId } from '../lib/ids.ts'
import type { ControlStore } from '../model/control.ts'
import type { EvidenceEvent } from '../model/record.ts'
import type { Recorder } from '../model/recorder.ts'
import type { TrustRule } from '../model/trust.ts'
import type { ExchangeIndex } from '../store/exchange-index.ts'
import { keepJournal } from './journal.ts'

/** The digest stands for the whole rule; this is for people. */
const CONDITIONS_CHARS_MAX = 2_000

const TYPES = [
  'trust-rule.created',
  'trust-rule.changed',
  'trust-rule.removed',
  'trust-rule.ended',
  'trust-rule.renewed',
] as const

interface Written {
  readonly digest: string
  readonly owner: string
  readonly hasEnded: boolean
}

/** Every log tells the whole story of the rules by which its own gateway let callers in, so other instances' events do not count. */
export function keepRuleJournal(sources: {
  readonly control: Pick<ControlStore, 'trustRules' | 'trustRuleTerms'>
  readonly configured: () => readonly TrustRule[]
  /** Changes with the rules, wherever they stand. */
  readonly version: () => string
  readonly index: ExchangeIndex
  readonly recorder: Recorder
  readonly isLocal: (instance: InstanceId) => boolean
  readonly clock: Clock
}): Promise<AsyncDisposable> {
  const { control, configured, version, index, recorder, isLocal, clock } = sources
  const written = new Map<string, Written>()

  const recall = ({ type, details }: EvidenceEvent): void => {
    const name = String(details['rule'])
    const before = written.get(name)
    if (type === 'trust-rule.created' || type === 'trust-rule.changed')
      written.set(name, {
        digest: String(details['digest']),
        owner: String(details['owner']),
        hasEnded: false,
      })
    else if (type === 'trust-rule.removed') written.delete(name)
    else if (type === 'trust-rule.ended' || type === 'trust-rule.renewed')
      // Of the rule as it stands: an end may come from a clock that is ahead of the change behind it.
      if (before !== undefined && before.digest === details['digest'])
        written.set(name, { ...before, hasEnded: type === 'trust-rule.ended' })
  }

  function* missingOf(named: NamedRule, terms: TermsByRule): Generator<EvidenceEvent> {
    const { rule, stored } = named
    const before = written.get(rule.name)
    const digest = ruleDigest(named)
    const atMs = stored?.updatedAtMs ?? clock.nowMs()
    const actor = stored !== null && stored.version === 1 ? stored.createdBy : ''
    if (before === undefined)
      yield { type: 'trust-rule.created', atMs, actor, details: factsOf(named, digest) }
    else if (before.digest !== digest) {
      const details = { ...factsOf(named, digest), was: before.digest, ownerBefore: before.owner }
      yield { type: 'trust-rule.changed', atMs, actor, details }
    }
    const term = termOf(named, terms)
    const hadEnded = before?.digest === digest && before.hasEnded
    const { owner, service, name } = rule
    const endedAtMs = term?.endedAtMs ?? null
    if (endedAtMs !== null && !hadEnded) {
      const details = { rule: name, owner, service, because: term?.because ?? '', digest }
      yield { type: 'trust-rule.ended', atMs: endedAtMs, actor: '', details }
    } else if (endedAtMs === null && hadEnded) {
      const details = { rule: name, owner, service, digest }
      yield { type: 'trust-rule.renewed', atMs: clock.nowMs(), actor: '', details }
    }
  }
  const missing = async (): Promise<readonly EvidenceEvent[]> => {
    const [rows, terms] = await Promise.all([
      control.trustRules.list(),
      control.trustRuleTerms.list().then(termsByRule),
    ])
    const rules = rulesInForce(configured(), rows)
    const names = new Set(rules.map(({ rule }) => rule.name))
    const removed = [...written].filter(([name]) => !names.has(name))
    return [
      ...rules.flatMap((named) => [...missingOf(named, terms)]),
      ...removed.map(([rule, { owner, digest }]) => ({
        type: 'trust-rule.removed' as const,
        atMs: clock.nowMs(),
        actor: '',
        details: { rule, owner, was: digest },
      })),
    ]
  }
  return keepJournal(
    {
      types: TYPES,
      version,
      recall: (event, instance) => {
        if (instance === null || isLocal(instance)) recall(event)
      },
      missing,
    },
    index,
    recorder,
  )
}

function factsOf({ rule, stored }: NamedRule, digest: string): EvidenceEvent['details'] {
  const { name, kind, issuer, owner, service, principal, conditions } = rule
  return {
    rule: name,
    source: stored === null ? 'custody.yaml' : 'console',
    kind,
    issuer,
    owner,
    service,
    principal,
    conditions: JSON.stringify(conditions).slice(0, CONDITIONS_CHARS_MAX),
    digest,
  }
}
