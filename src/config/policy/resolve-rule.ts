/** Turns one checked rule into what is evaluated, and reports what its parts need of each other. */
import type { Operator } from '../../detect/operators.ts'
import type { ApprovalTerms, Obligation } from '../../model/decision.ts'
import type { PolicyRule, Stage } from '../../policy/rule.ts'
import type { Path } from '../problems.ts'
import { resolveOperator } from '../resolve-operator.ts'
import { resolveCriteria } from './resolve-criteria.ts'
import { reportRule } from './rule-context.ts'
import type { RuleContext } from './rule-context.ts'
import type { CheckedRule } from './schema.ts'

export function resolveRule(written: CheckedRule, path: Path, context: RuleContext): PolicyRule {
  const { id, title, message = '', then: verdict } = written
  if (context.ids.has(id))
    reportRule(context, [...path, 'id'], {
      message: 'there is another rule with this id',
      found: id,
      hint: 'Records name rules by their id: choose another.',
    })
  context.ids.add(id)
  const on = typeof written.on === 'string' ? [written.on] : [...new Set(written.on)]
  const isAnswer = on.some((moment) => moment === 'response' || moment === 'tool_call')
  if (verdict === 'hold' && isAnswer)
    reportRule(context, [...path, 'then'], {
      message: 'an answer cannot be held for a person',
      allowed: 'allow, mask or deny for response and tool_call',
      hint: 'Hold the request that asks for it.',
    })
  const criteria = resolveCriteria(written, path, context)
  const excuses = written.unless === undefined ? [] : [written.unless].flat()
  const unless = excuses.map((excuse, index) => {
    const at = Array.isArray(written.unless) ? [...path, 'unless', index] : [...path, 'unless']
    if (Object.values(excuse).every((value) => value === undefined))
      reportRule(context, at, {
        message: 'an empty section excuses everything',
        hint: 'Name a condition, or remove it.',
      })
    return resolveCriteria(excuse, at, context)
  })
  if (isAnswer && verdict === 'mask' && criteria.when?.asksFindings === true)
    reportRule(context, [...path, 'when'], {
      message: 'what is masked in an answer is decided before the answer comes',
      hint: 'Use keywords, patterns, entities or packs instead of findings.…',
    })
  return {
    id,
    title,
    message,
    on,
    criteria,
    unless,
    verdict,
    stage: stageOf(written.stage),
    fail: written.fail ?? (verdict === 'allow' ? 'open' : 'closed'),
    mask: maskOf(written, path, context),
    approval: approvalOf(written, path, context),
    obligations: obligationsOf(written),
  }
}

function stageOf(written: CheckedRule['stage']): Stage {
  if (written === undefined) return { kind: 'shadow' }
  if (written === 'off' || written === 'shadow' || written === 'enforce') return { kind: written }
  const share = typeof written === 'string' ? written.replace(/^canary: ?/, '') : written.canary
  return { kind: 'canary', percent: Number(String(share).replace('%', '')) }
}

function maskOf(written: CheckedRule, path: Path, context: RuleContext): Operator | null {
  if (written.mask === undefined) return null
  const at = [...path, 'mask']
  if (written.then !== 'mask')
    reportRule(context, at, { message: 'mask belongs to rules with `then: mask`' })
  const operator = resolveOperator(written.mask, (part, message) => {
    reportRule(context, [...at, part], { message })
  })
  if (operator.kind === 'keep' || operator.kind === 'block')
    reportRule(context, at, {
      message: `${operator.kind} masks nothing`,
      hint: operator.kind === 'block' ? 'Write `then: deny`.' : 'Write `then: allow`.',
    })
  return operator
}

const HOUR_MS = 3_600_000

function approvalOf(written: CheckedRule, path: Path, context: RuleContext): ApprovalTerms | null {
  const { approval } = written
  if (written.then !== 'hold') {
    if (approval !== undefined)
      reportRule(context, [...path, 'approval'], {
        message: 'approval belongs to rules with `then: hold`',
      })
    return null
  }
  return {
    approvers: approval?.approvers ?? ['approver'],
    quorum: approval?.quorum ?? 1,
    expiresInMs: approval?.expires ?? 4 * HOUR_MS,
    holdBudgetMs: approval?.hold ?? null,
    reasonRequired: approval?.reasonRequired ?? false,
    highAssurance: approval?.highAssurance ?? false,
    grants: approval?.grants ?? 'conversation',
    grantMs: approval?.grantFor ?? 8 * HOUR_MS,
    escalateTo: approval?.escalateTo ?? [],
  }
}

function obligationsOf({ alert, tags = [] }: CheckedRule): readonly Obligation[] {
  const channels = alert === undefined ? [] : [...new Set([alert].flat())]
  return [
    ...channels.map((channel) => ({ kind: 'alert', channel }) as const),
    ...[...new Set(tags)].map((tag) => ({ kind: 'tag', tag }) as const),
  ]
}
