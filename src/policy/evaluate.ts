/** Decides: a pure, total function of facts and policy. The order of rules never matters; the strictest verdict wins. */
import { hash } from 'node:crypto'
import type { Decision, RuleHit, Verdict } from '../model/decision.ts'
import { stricter, VERDICTS } from '../model/decision.ts'
import { bindingsOf } from './condition.ts'
import type { Bindings } from './condition.ts'
import { isInScope, kindsOf } from './criteria.ts'
import type { Criterion, Sight } from './criteria.ts'
import type { PolicyFacts, SeenFinding } from './facts.ts'
import type { CompiledRule, Policy } from './policy.ts'
import type { Content, PolicyRule } from './rule.ts'

export function evaluate(policy: Policy, facts: PolicyFacts): Decision {
  const hits: RuleHit[] = []
  let verdict: Verdict = 'allow'
  let deciding: string | null = null
  const bindings = once(() => bindingsOf(facts))
  for (const compiled of policy.compiled) {
    if (!appliesTo(compiled.rule, facts)) continue
    const sight = sightOf(compiled, facts, bindings)
    const firing = fires(compiled, sight)
    if (!firing) continue
    const hit = hitOf(compiled, sight)
    hits.push(hit)
    if (!hit.inForce) continue
    if (deciding === null || VERDICTS.indexOf(hit.verdict) > VERDICTS.indexOf(verdict))
      deciding = hit.rule
    verdict = stricter(verdict, hit.verdict)
  }
  return { policy: policy.hash, verdict, hits, deciding }
}

/** A request is looked at by rules on requests, and by rules on tool results when there are some. */
export function appliesTo({ on }: PolicyRule, facts: PolicyFacts): boolean {
  if (on.includes(facts.moment)) return true
  return facts.moment === 'request' && on.includes('tool_result') && facts.counts.toolResults > 0
}

export function sightOf(
  { rule, detectorsOf }: CompiledRule,
  facts: PolicyFacts,
  bindings: () => Bindings,
): Sight {
  return {
    facts,
    bindings,
    findings: (content: Content): readonly SeenFinding[] => {
      const ids = detectorsOf.get(content)
      if (ids === undefined || facts.findings.length === 0) return []
      return facts.findings.filter(
        (finding) =>
          (ids.has(finding.rule) || content.entities.includes(finding.entity)) &&
          (content.occurrence === 'any' || finding.isNew) &&
          isNamed(content.fingerprints, finding.fingerprint) &&
          isInScope(rule.on, facts, finding.role),
      )
    },
  }
}

function isNamed(digits: readonly string[], fingerprint: string): boolean {
  return digits.length === 0 || digits.some((first) => fingerprint.startsWith(first))
}

/** What cannot be decided goes the rule's way: `closed` counts as met, an excuse as not given. */
function fires({ rule, criteria, unless }: CompiledRule, sight: Sight): boolean {
  const isClosed = rule.fail === 'closed'
  if (!holdsAll(criteria, sight, isClosed)) return false
  return !unless.some((excuse) => holdsAll(excuse, sight, !isClosed))
}

function holdsAll(criteria: readonly Criterion[], sight: Sight, unknownHolds: boolean): boolean {
  for (const { test } of criteria) {
    const { kind } = test(sight)
    if (kind === 'fails' || (kind === 'unknown' && !unknownHolds)) return false
  }
  return true
}

function hitOf({ rule, criteria }: CompiledRule, sight: Sight): RuleHit {
  const { content } = rule.criteria
  const findings = content === null ? [] : sight.findings(content)
  return {
    rule: rule.id,
    title: rule.title,
    message: rule.message,
    verdict: rule.verdict,
    stage: stageOf(rule),
    inForce: isInForce(rule, sight.facts.lot),
    reasons: criteria.map(({ saw }) => saw(sight)),
    kinds: kindsOf(findings),
    findings: fingerprints(findings),
    newFindings: fingerprints(findings.filter(({ isNew }) => isNew)),
    approval: rule.verdict === 'hold' ? rule.approval : null,
    obligations: rule.obligations,
  }
}

/** A record need not repeat thousands. */
const FINGERPRINTS_MAX = 200

function fingerprints(findings: readonly SeenFinding[]): readonly string[] {
  return [...new Set(findings.map(({ fingerprint }) => fingerprint))]
    .toSorted()
    .slice(0, FINGERPRINTS_MAX)
}

function stageOf({ stage }: PolicyRule): RuleHit['stage'] {
  return stage.kind === 'off' ? 'shadow' : stage.kind
}

/** The same conversation is always on the same side of a canary; each rule draws for itself. */
export function isInForce({ id, stage }: PolicyRule, lot: string): boolean {
  switch (stage.kind) {
    case 'enforce':
      return true
    case 'canary': {
      const drawn = Number.parseInt(hash('sha256', `${lot}\0${id}`, 'hex').slice(0, 8), 16)
      return drawn / 0x1_0000_0000 < stage.percent / 100
    }
    case 'off':
    case 'shadow':
      return false
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
