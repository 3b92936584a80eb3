/** Turns the credential, in whichever of the usual places it came, into a principal. */
import { fail } from '../../model/errors.ts'
import type { Exchange } from '../exchange.ts'
import type { GatewayParts, Identification } from '../parts.ts'
import type { StepResult } from '../pipeline.ts'

export function identify(
  exchange: Exchange,
  parts: GatewayParts,
): StepResult | Promise<StepResult> {
  const { caller } = exchange
  const at = caller.rawTarget.indexOf('?')
  const query = at === -1 ? '' : caller.rawTarget.slice(at)
  const result = parts.identify(caller.rawHeaders, query, caller.certificate)
  // A cached key answers at once; awaiting it would cost every exchange a turn of the loop.
  return result instanceof Promise
    ? result.then((settled) => learn(exchange, settled, parts))
    : learn(exchange, result, parts)
}

function learn(exchange: Exchange, result: Identification, parts: GatewayParts): StepResult {
  if (result.kind === 'failure') {
    // Whoever is proven guesses nothing, and must read what is wrong.
    const isStranger = result.reason !== 'rule-ended'
    return isStranger && parts.strangers.failed(exchange.caller.remoteAddress)
      ? fail('identity.throttled')
      : fail(`identity.${result.reason}`, result.detail)
  }
  exchange.principal = result.principal
  return null
}
