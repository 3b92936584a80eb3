/** What Claude Code takes for a final no, and for the end of an answer: measured, and unlike every SDK. */
import type { GatewayError } from '../model/errors.ts'
import type { SpokenEnding } from '../model/dialect.ts'
import type { Exchange, Routing } from './exchange.ts'
import { headerValue } from './headers.ts'

/** Families of refusals that are final, however the client asks. */
const FINAL = new Set(['policy', 'approval', 'containment'])

/**
 * It answers 400 and 422 by dropping features and sending the whole prompt again, five times, whatever type the error
 * has and whatever `x-should-retry` says; 403 it shows as a failed login. 451 it shows once, with its text.
 */
const FINAL_STATUS = 451

export function isClaudeCode({ caller }: Pick<Exchange, 'caller'>): boolean {
  return /^claude-cli\//i.test(headerValue(caller.rawHeaders, 'user-agent') ?? '')
}

function isFinalRefusal({ code, retryable }: GatewayError): boolean {
  return !retryable && FINAL.has(code.split('.', 1)[0] ?? '')
}

export function statusFor(
  exchange: Pick<Exchange, 'caller'>,
  error: GatewayError,
  status: number,
): number {
  return status === 400 && isFinalRefusal(error) && isClaudeCode(exchange) ? FINAL_STATUS : status
}

/** The last event of a stream that ends in the middle; null where the connection has to say it. */
export function lastEvent(
  { id }: Pick<Exchange, 'id'>,
  { dialect, surface }: Routing,
  spoken: SpokenEnding | null,
  error: GatewayError,
): Buffer | null {
  const { code, status, message } = error
  const said = { code, status, message, exchangeId: id }
  const ending = isFinalRefusal(error) ? (spoken?.end(said) ?? null) : null
  return ending ?? dialect.renderStreamError(surface, said)
}
