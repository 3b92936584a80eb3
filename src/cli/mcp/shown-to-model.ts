/** What a model is told of an exchange: enough to investigate, each text cut where it would fill its context. */
import type { Content } from '../../api/contract/content.ts'
import type { ExchangeDetail } from '../../api/contract/exchanges.ts'

/** Null stands for content that the roles of the token do not reach. */
export function exchangeShown(detail: ExchangeDetail, content: Content | null, charsMax: number) {
  const { exchange, principal, declared, links, usage, cost, mayReadContent, mayReveal } = detail
  return {
    exchange,
    principal,
    declaredAndNotProven: { ...declared, links },
    usage,
    cost,
    content:
      content === null
        ? { shown: 'nothing', why: 'the roles of this token may not read content' }
        : { shown: content.mode, ...contentShown(content, charsMax) },
    mayReadContent,
    mayReveal,
  }
}

function contentShown({ request, answer, problems }: Content, charsMax: number) {
  const cut = (text: string): string =>
    text.length <= charsMax
      ? text
      : `${text.slice(0, charsMax)}… (${text.length - charsMax} more characters)`
  const { assembled } = answer
  return {
    request: {
      kind: request.kind,
      bytes: request.bytes,
      text: request.text === null ? null : cut(request.text),
      blocks: request.blocks.map(({ index, role, novelty, parts }) => ({
        index,
        role,
        novelty,
        parts: parts.map(({ kind, name, text }) => ({ kind, name, text: cut(text) })),
      })),
    },
    answer: {
      status: answer.head?.status ?? null,
      origin: answer.head?.origin ?? null,
      bytes: answer.bytes,
      problem: answer.problem,
      assembled:
        assembled === null
          ? null
          : {
              text: cut(assembled.text),
              reasoning: cut(assembled.reasoning),
              refusal: cut(assembled.refusal),
              toolCalls: assembled.toolCalls.map((call) => ({
                ...call,
                arguments: cut(call.arguments),
              })),
              error: assembled.error,
              finishReason: assembled.finishReason,
            },
    },
    problems,
  }
}

/** Why the gateway did with an exchange what it did. */
export function decisionShown(detail: ExchangeDetail) {
  const { exchange, findings, masks, uninspected, policy } = detail
  const { id, state, outcome, status, errorCode, verdict, decidingRule, policyRules } = exchange
  return {
    id,
    state,
    outcome,
    status,
    errorCode,
    policy: {
      verdict,
      decidingRule,
      rulesThatFired: policyRules,
      tags: exchange.tags,
      policyHash: exchange.policyHash,
      maskingPlan: policy,
    },
    findings,
    masks,
    uninspected,
    holds: exchange.holds,
  }
}
