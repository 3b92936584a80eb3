/** Asks, in memory, whether what an exchange is is locked, before any work; and behind inspect whether what it holds is. */
import { fail } from '../../model/errors.ts'
import { lockOn } from '../contained-facts.ts'
import type { Exchange } from '../exchange.ts'
import { lockedBy } from '../in-flight.ts'
import type { GatewayParts } from '../parts.ts'
import type { StepResult } from '../pipeline.ts'

/** Principal, person, key, service, upstream. */
export function containCaller(
  exchange: Exchange,
  parts: GatewayParts,
): StepResult | Promise<StepResult> {
  const catchingUp = parts.containment.current()
  if (catchingUp === null) return refusedByLock(exchange, parts)
  return catchingUp.then((isReliable) =>
    isReliable || parts.containment.whenStale() === 'pass'
      ? refusedByLock(exchange, parts)
      : fail('containment.stale'),
  )
}

/** Model, conversation, findings. */
export function containContent(exchange: Exchange, parts: GatewayParts): StepResult {
  return refusedByLock(exchange, parts)
}

function refusedByLock(exchange: Exchange, parts: GatewayParts): StepResult {
  const lock = lockOn(exchange, parts)
  if (lock === null) return null
  exchange.lock = lock.id
  return lockedBy(lock)
}
