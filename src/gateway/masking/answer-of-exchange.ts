/** Decides how the answer of an exchange is masked; refuses an answer that would have to be and cannot. */
import type { MaskingPlan } from '../../detect/masking-plan.ts'
import { scanJson } from '../../lib/json/scan.ts'
import { fail } from '../../model/errors.ts'
import { createAnswerSample } from '../answer-sample.ts'
import { contentDecoder } from '../content-encoding.ts'
import type { Exchange, Routing } from '../exchange.ts'
import type { GatewayParts } from '../parts.ts'
import { answerFlow, UNMASKED } from './answer-flow.ts'
import type { AnswerFlow } from './answer-flow.ts'
import { createAnswerJudge } from '../policy/answer-judge.ts'
import type { AnswerRules } from '../policy/answer-rules.ts'
import { planOfAnswer } from '../policy/answer-rules.ts'
import { judgedFlow, watchedFlow } from '../policy/judged-flow.ts'
import type { JudgedAnswer } from '../policy/judged-flow.ts'
import { createAnswerMasking } from './answer-masking.ts'
import type { AnswerMasking } from './answer-masking.ts'
import { requestDocuments } from './request-documents.ts'
import { scopeOf } from './scope.ts'
import type { TextShift } from './text-shift.ts'

export interface AnswerStart {
  readonly status: number
  readonly contentType: string
  readonly contentEncoding: string | null
}

const SAMPLE_MAX = 1024 * 1024

/** `UNMASKED` where nobody looks at answers. Throws `policy.masking-failed` where one must be looked at and cannot be. */
export function flowFor(
  exchange: Exchange,
  routing: Routing,
  parts: GatewayParts,
  start: AnswerStart,
): AnswerFlow {
  const { answerRules, sight } = exchange
  const masks = exchange.masking?.directions.includes('response') === true
  if (answerRules === null && !masks) return UNMASKED
  if (answerRules === null || !answerRules.isActive) {
    const plain = masks ? maskedFlow(exchange, routing, parts, start, exchange.masking) : null
    if (answerRules === null) return plain?.flow ?? UNMASKED
    const watched = judgedAnswer(exchange, routing, parts, start, answerRules)
    return plain === null
      ? watchedFlow(watched(lookOnly(exchange, routing, parts, start)))
      : judgedFlow(plain.flow, watched(plain.masking))
  }
  const plan = sight.answer === null ? null : planOfAnswer(sight.answer, answerRules)
  const { flow, masking } = maskedFlow(exchange, routing, parts, start, plan)
  return judgedFlow(flow, judgedAnswer(exchange, routing, parts, start, answerRules)(masking))
}

interface MaskedFlow {
  readonly flow: AnswerFlow
  readonly masking: AnswerMasking | null
}

function maskedFlow(
  exchange: Exchange,
  routing: Routing,
  parts: GatewayParts,
  start: AnswerStart,
  plan: MaskingPlan | null,
): MaskedFlow {
  // It was asked for without a coding; undoing one nobody asked for would run behind the bytes.
  if (contentDecoder(start.contentEncoding) !== 'identity')
    throw fail('policy.masking-failed', 'The upstream compressed it, which it was asked not to.')
  // Rules look at the size or at names of tools alone: bytes pass as they came.
  if (plan === null) return { flow: UNMASKED, masking: null }
  const masking = maskingOf(exchange, routing, parts, start, plan)
  if (masking === null)
    throw fail('policy.masking-failed', 'Nothing is known of how to mask an answer of this form.')
  return { flow: answerFlow(masking), masking }
}

function maskingOf(
  exchange: Exchange,
  routing: Routing,
  parts: GatewayParts,
  { status, contentType }: AnswerStart,
  plan: MaskingPlan,
): AnswerMasking | null {
  return createAnswerMasking({
    plan,
    tools: parts.masking,
    scope: scopeOf(exchange.principal),
    restorable: exchange.restorable,
    documents: documentsOf(exchange),
    shape: routing.dialect.streamShape(routing.surface),
    kind: routing.surface.kind,
    framing: routing.dialect.framing(routing.surface, contentType),
    status,
    contentType,
  })
}

/** Read when the first citation comes; empty where no document was changed. */
function documentsOf({
  body,
  inspection,
  settings,
}: Exchange): () => readonly (TextShift | null)[] {
  let known: readonly (TextShift | null)[] | null = null
  return () => {
    if (known !== null) return known
    known = []
    const splices = inspection?.splices ?? []
    if (splices.length === 0 || body.kind !== 'whole') return known
    const scan = scanJson(body.plain, {
      depthMax: settings.limits.jsonDepthMax,
      elementsMax: settings.limits.jsonElementsMax,
    })
    known = scan.kind === 'problem' ? [] : requestDocuments(scan.tape, splices)
    return known
  }
}

/** For rules in shadow: null where this answer cannot be looked into. */
function lookOnly(
  exchange: Exchange,
  routing: Routing,
  parts: GatewayParts,
  start: AnswerStart,
): AnswerMasking | null {
  const plan = exchange.sight.answer
  if (plan === null || contentDecoder(start.contentEncoding) !== 'identity') return null
  return maskingOf(exchange, routing, parts, start, plan)
}

function judgedAnswer(
  exchange: Exchange,
  routing: Routing,
  parts: GatewayParts,
  { contentType, contentEncoding, status }: AnswerStart,
  rules: AnswerRules,
): (masking: AnswerMasking | null) => JudgedAnswer {
  const sample = createAnswerSample(SAMPLE_MAX)
  const carried = new Set([
    ...(exchange.conversation?.prior?.values ?? []),
    ...(exchange.inspection?.findings ?? []).map(({ fingerprint }) => fingerprint),
  ])
  const judge = createAnswerJudge(rules, exchange.sight.answer, parts.masking.master, carried)
  const isPlain = contentDecoder(contentEncoding) === 'identity'
  return (masking) => ({
    judge,
    masking,
    sample,
    calls: () => {
      if (status >= 300 || routing.surface.kind !== 'generate') return []
      if (!isPlain || !sample.isWhole()) return null
      return routing.dialect.readAnswer(routing.surface, contentType, sample.bytes()).toolCalls
    },
    decided: (decision) => {
      exchange.answerDecision = decision
    },
  })
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
