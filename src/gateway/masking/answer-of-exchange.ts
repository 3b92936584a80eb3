/** Decides how the answer of an exchange is masked; refuses an answer that would have to be and cannot. */
import { fail } from '../../model/errors.ts'
import { contentDecoder } from '../content-encoding.ts'
import type { Exchange, Routing } from '../exchange.ts'
import type { GatewayParts } from '../parts.ts'
import { answerFlow, UNMASKED } from './answer-flow.ts'
import type { AnswerFlow } from './answer-flow.ts'
import { createAnswerMasking } from './answer-masking.ts'
import { scopeOf } from './scope.ts'

export interface AnswerStart {
  readonly status: number
  readonly contentType: string
  readonly contentEncoding: string | null
}

/** `UNMASKED` where answers are not masked. Throws `policy.masking-failed` where they are and this one cannot be. */
export function flowFor(
  exchange: Exchange,
  routing: Routing,
  parts: GatewayParts,
  { status, contentType, contentEncoding }: AnswerStart,
): AnswerFlow {
  const plan = exchange.masking
  if (plan === null || !plan.directions.includes('response')) return UNMASKED
  // It was asked for without a coding; undoing one nobody asked for would run behind the bytes.
  if (contentDecoder(contentEncoding) !== 'identity')
    throw fail('policy.masking-failed', 'The upstream compressed it, which it was asked not to.')
  const masking = createAnswerMasking({
    plan,
    tools: parts.masking,
    scope: scopeOf(exchange.principal),
    restorable: exchange.restorable,
    shape: routing.dialect.streamShape(routing.surface),
    kind: routing.surface.kind,
    framing: routing.dialect.framing(routing.surface, contentType),
    status,
    contentType,
  })
  if (masking === null)
    throw fail('policy.masking-failed', 'Nothing is known of how to mask an answer of this form.')
  return answerFlow(masking)
}

/** Of another body: its length, and what was made from its bytes (RFC 9110 8.8.3, RFC 9530). */
const BODY_FACTS: ReadonlySet<string> = new Set([
  'content-length',
  'content-md5',
  'content-digest',
  'repr-digest',
  'digest',
  'etag',
])

/** The head without what is only true of the answer as the provider sent it. */
export function withoutBodyFacts(flat: readonly string[]): readonly string[] {
  const headers: string[] = []
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] ?? ''
    if (!BODY_FACTS.has(name.toLowerCase())) headers.push(name, flat[i + 1] ?? '')
  }
  return headers
}
