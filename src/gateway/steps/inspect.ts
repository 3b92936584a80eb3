/** Fifth step: looks for sensitive values in what is about to be sent; known blocks are not looked into again. */
import type { MaskingPlan } from '../../detect/masking-plan.ts'
import { scanJson } from '../../lib/json/scan.ts'
import { fail } from '../../model/errors.ts'
import type { Exchange, Routing } from '../exchange.ts'
import { inspectRequest } from '../masking/inspect-request.ts'
import type { RequestInspection } from '../masking/inspect-request.ts'
import { scopeOf } from '../masking/scope.ts'
import type { GatewayParts } from '../parts.ts'
import type { StepResult } from '../pipeline.ts'

export function inspect(exchange: Exchange, parts: GatewayParts): StepResult | Promise<StepResult> {
  const { route, routing, settings } = exchange
  if (route === null || routing === null) return fail('internal')
  const plan = settings.maskingOf(route)
  exchange.masking = plan
  // Awaiting nothing would cost every exchange that is not masked a turn of the loop.
  return plan?.directions.includes('request') === true
    ? inspectBody(exchange, parts, routing, plan)
    : null
}

async function inspectBody(
  exchange: Exchange,
  parts: GatewayParts,
  routing: Routing,
  plan: MaskingPlan,
): Promise<StepResult> {
  const { settings, body } = exchange
  switch (body.kind) {
    case 'none':
      return null
    case 'streamed':
      // Threat: a body just above the limit must not be a way around the rules.
      if (routing.surface.readsBody) return fail('policy.uninspectable')
      exchange.inspection = uninspected(body.declaredBytes ?? 0)
      return null
    case 'whole': {
      if (body.view === null) {
        exchange.inspection = uninspected(body.bytes.length)
        return null
      }
      const scan = scanJson(body.plain, {
        depthMax: settings.limits.jsonDepthMax,
        elementsMax: settings.limits.jsonElementsMax,
      })
      if (scan.kind === 'problem') return fail('policy.uninspectable')
      try {
        exchange.inspection = await inspectRequest(parts.masking, {
          tape: scan.tape,
          blocks: body.view.blocks,
          plan,
          scope: scopeOf(exchange.principal),
        })
        return null
      } catch (cause) {
        return fail('policy.inspection-failed', '', cause)
      }
    }
  }
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
