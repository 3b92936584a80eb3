/** Looks what people decided before about a request that a rule holds: a grant covers it, a refusal answers it, or they are asked. */
import { fail } from '../../model/errors.ts'
import type { Exchange } from '../exchange.ts'
import { askedRules } from '../hold/asked-rules.ts'
import { frozenRequest } from '../hold/frozen-request.ts'
import { refusalOf } from '../hold/refusal-of.ts'
import type { GatewayParts } from '../parts.ts'
import type { StepResult } from '../pipeline.ts'

export function recall(exchange: Exchange, parts: GatewayParts): StepResult | Promise<StepResult> {
  return exchange.decision?.verdict === 'hold' ? recalled(exchange, parts) : null
}

async function recalled(exchange: Exchange, parts: GatewayParts): Promise<StepResult> {
  const { principal, routing, decision, body } = exchange
  if (principal === null || routing === null || decision === null) return fail('internal')
  // What cannot be kept in memory cannot be frozen, and people cannot approve what they would not see.
  if (body.kind === 'streamed') return fail('approval.unholdable')
  const bytes = body.kind === 'whole' ? body : EMPTY
  const { asks, terms } = askedRules(decision)
  const request = frozenRequest(exchange, {
    principal,
    routing,
    body: bytes,
    decision,
    asks,
    conversation: exchange.conversation?.id ?? null,
  })
  const sentMasked = exchange.conversation?.prior?.masked ?? NOTHING
  try {
    const known = await parts.approvals.known(request, asks, sentMasked)
    switch (known.kind) {
      case 'ask':
        exchange.held = { kind: 'ask', request, asks, terms }
        return null
      case 'granted':
        exchange.held = known
        return null
      case 'refused':
        exchange.heldBy = {
          approval: known.approval.id,
          state: known.approval.state,
          grant: null,
          attempt: 0,
          waitedMs: 0,
        }
        return refusalOf(parts.approvals, known.approval)
    }
  } catch (cause) {
    // Fail closed: what needs people waits until they can be asked.
    return fail('approval.unavailable', '', cause)
  }
}

const NOTHING: ReadonlySet<string> = new Set()
const EMPTY = { kind: 'whole', bytes: Buffer.alloc(0), view: null, plain: Buffer.alloc(0) } as const
