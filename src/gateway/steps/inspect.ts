/** Looks for sensitive values in what is about to be sent; known blocks are not looked into again. */
import type { MaskingPlan } from '../../detect/masking-plan.ts'
import { fail } from '../../model/errors.ts'
import type { GatewayError } from '../../model/errors.ts'
import type { Exchange, Routing } from '../exchange.ts'
import { inspectRequest } from '../masking/inspect-request.ts'
import type { RequestInspection } from '../masking/inspect-request.ts'
import { scopeOf } from '../masking/scope.ts'
import type { GatewayParts } from '../parts.ts'
import type { StepResult } from '../pipeline.ts'

export function inspect(exchange: Exchange, parts: GatewayParts): StepResult | Promise<StepResult> {
  const { route, routing, settings } = exchange
  if (route === null || routing === null) return fail('internal')
  const sight = settings.sightOf(route)
  exchange.sight = sight
  exchange.masking = sight.masking
  // Awaiting nothing would cost every exchange that nothing is looked for in a turn of the loop.
  return sight.request === null ? null : inspectBody(exchange, parts, routing, sight.request)
}

async function inspectBody(
  exchange: Exchange,
  parts: GatewayParts,
  routing: Routing,
  plan: MaskingPlan,
): Promise<StepResult> {
  const { body, tape } = exchange
  switch (body.kind) {
    case 'none':
      return null
    case 'streamed':
      // Threat: a body just above the limit must not be a way around the rules.
      if (routing.surface.readsBody) return notInspected(exchange, fail('policy.uninspectable'))
      exchange.inspection = uninspected(body.declaredBytes ?? 0)
      return null
    case 'whole': {
      if (body.view === null) {
        exchange.inspection = uninspected(body.bytes.length)
        return null
      }
      if (tape === null) return notInspected(exchange, fail('policy.uninspectable'))
      try {
        exchange.inspection = await inspectRequest(parts.masking, {
          tape,
          blocks: body.view.blocks,
          plan,
          scope: scopeOf(exchange.principal),
        })
        return null
      } catch (cause) {
        return notInspected(exchange, fail('policy.inspection-failed', '', cause))
      }
    }
  }
}

/** Looks into the same body with another plan. Null when it is done. */
export async function inspectAgain(
  exchange: Exchange,
  parts: GatewayParts,
  plan: MaskingPlan,
): Promise<GatewayError | null> {
  const { routing } = exchange
  if (routing === null) return fail('internal')
  const problem = await inspectBody(exchange, parts, routing, plan)
  return problem ?? (exchange.uninspectable ? fail('policy.inspection-failed') : null)
}

/** Where something is masked nothing may pass; else each rule of the policy says what becomes of it. */
function notInspected(exchange: Exchange, error: GatewayError): StepResult {
  exchange.uninspectable = true
  return exchange.masking?.directions.includes('request') === true ? error : null
}

/** Surfaces whose bodies are not read (audio, images, files): the record says that nobody looked. */
function uninspected(bytes: number): RequestInspection {
  return {
    splices: [],
    findings: [],
    uninspected: [{ channel: 'body', start: 0, end: bytes, reason: 'not-json' }],
    isBlocked: false,
    tokens: [],
  }
}
