/** What the rules that hold a request ask of people, put together: each rule's approvers, and the strictest terms of all. */
import type { AskedRule, AskedTerms } from '../../model/approval.ts'
import type { ApprovalTerms, Decision } from '../../model/decision.ts'

export interface Asked {
  readonly asks: readonly AskedRule[]
  readonly terms: AskedTerms
}

export function askedRules(decision: Decision): Asked {
  const hits = decision.hits.filter((hit) => hit.inForce && hit.verdict === 'hold')
  const terms = hits.map(({ approval }) => approval ?? DEFAULT_TERMS)
  const budgets = terms.flatMap(({ holdBudgetMs }) => (holdBudgetMs === null ? [] : [holdBudgetMs]))
  return {
    asks: hits.map((hit, index) => ({
      rule: hit.rule,
      title: hit.title,
      message: hit.message,
      reasons: hit.reasons,
      findings: [...new Set(hit.findings)],
      newFindings: [...new Set(hit.newFindings)],
      approvers: terms[index]?.approvers ?? [],
      quorum: Math.max(1, terms[index]?.quorum ?? 1),
      escalateTo: terms[index]?.escalateTo ?? [],
    })),
    terms: {
      expiresInMs: Math.min(...terms.map(({ expiresInMs }) => expiresInMs)),
      holdBudgetMs: budgets.length === 0 ? null : Math.min(...budgets),
      reasonRequired: terms.some(({ reasonRequired }) => reasonRequired),
      highAssurance: terms.some(({ highAssurance }) => highAssurance),
      grants: terms.every(({ grants }) => grants === 'conversation') ? 'conversation' : 'once',
      grantMs: Math.min(...terms.map(({ grantMs }) => grantMs)),
    },
  }
}

/** What a rule that says nothing of its approvals means. */
const DEFAULT_TERMS: ApprovalTerms = {
  approvers: [],
  quorum: 1,
  expiresInMs: 4 * 60 * 60 * 1000,
  holdBudgetMs: null,
  reasonRequired: false,
  highAssurance: false,
  grants: 'conversation',
  grantMs: 8 * 60 * 60 * 1000,
  escalateTo: [],
}
