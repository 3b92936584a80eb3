/** The thing that travels: one request with its answer, from arrival to settlement, and what each step learned of it. */
import type { ExchangeId } from '../lib/ids.ts'
import type { JsonTape } from '../lib/json/tape.ts'
import type { AskedRule, AskedTerms, FrozenRequest, Grant } from '../model/approval.ts'
import type { Dialect, RequestView, Surface } from '../model/dialect.ts'
import type { GatewayError } from '../model/errors.ts'
import type { DeclaredTags, Principal } from '../model/principal.ts'
import type { Decision } from '../model/decision.ts'
import type { ApprovalFacts, OpeningFacts, RequestHead, Splice } from '../model/record.ts'
import type { Recording } from '../model/recorder.ts'
import type { MaskingPlan } from '../detect/masking-plan.ts'
import type { Route, Upstream } from '../model/upstream.ts'
import type { Caller } from './caller.ts'
import type { ConversationView } from './conversation/conversation.ts'
import type { BegunAnswer } from './hold/begun-answer.ts'
import type { Novelty } from './conversation/novelty.ts'
import type { RequestInspection } from './masking/inspect-request.ts'
import type { GatewaySnapshot, RouteSight } from './parts.ts'
import type { AnswerRules } from './policy/answer-rules.ts'

/** The caller's body once decode has looked at it. */
export type CallerBody =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'whole'
      readonly bytes: Buffer
      readonly view: RequestView | null
      /** What the view was read from: `bytes`, or their content-decoded form. */
      readonly plain: Buffer
    }
  /** Too large to hold, or not to be read: `begun` has arrived, the rest is still in the caller's stream. */
  | {
      readonly kind: 'streamed'
      /** Emptied as it is sent on, so that it is not held. */
      readonly begun: Buffer[]
      readonly declaredBytes: number | null
    }

export interface Routing {
  readonly upstream: Upstream
  readonly dialect: Dialect
  readonly surface: Surface
  /** Where to send it. */
  readonly origin: string
  readonly path: string
}

export type HeldExchange =
  | {
      readonly kind: 'ask'
      readonly request: FrozenRequest
      readonly asks: readonly AskedRule[]
      readonly terms: AskedTerms
    }
  | { readonly kind: 'granted'; readonly grant: Grant; readonly carried: boolean }

/** Each field below `settings` is written by exactly one step, named beside it, and read by later ones only. */
export interface Exchange {
  readonly id: ExchangeId
  readonly receivedAtMs: number
  /** Monotonic; answers `how long ago did it arrive`. */
  readonly arrivedAt: number
  readonly caller: Caller
  readonly settings: GatewaySnapshot
  readonly received: RequestHead
  /** identify */
  principal: Principal | null
  /** route */
  tags: DeclaredTags
  /** route */
  routing: Routing | null
  /** decode */
  body: CallerBody
  /** decode: the values of the body; let go of when it is sent */
  tape: JsonTape | null
  /** decode: bytes counted in the admission budget until the exchange settles */
  heldBytes: number
  /** decode */
  route: Route | null
  /** inspect: null where nothing is masked */
  masking: MaskingPlan | null
  /** inspect */
  sight: RouteSight
  /** inspect; enforce, where a rule masks */
  inspection: RequestInspection | null
  /** inspect: true when the body should have been looked into and could not be */
  uninspectable: boolean
  /** decode */
  conversation: ConversationView | null
  /** decide: null while there is no policy */
  novelty: Novelty | null
  /** decide: null while there is no policy */
  decision: Decision | null
  /** decide: null where no rule looks at answers */
  answerRules: AnswerRules | null
  /** relay: what those rules decided */
  answerDecision: Decision | null
  /** enforce: what is sent in place of the caller's body; null when it goes as it came */
  maskedBody: Buffer | null
  /** enforce: the caller's own values by the tokens that stand for them upstream */
  restorable: ReadonlyMap<string, string>
  /** recall: why it does not simply go on; null where no rule holds it */
  held: HeldExchange | null
  /** recall, hold */
  heldBy: ApprovalFacts | null
  /** hold: what the caller was sent before anybody decided; null while every answer is possible */
  begun: BegunAnswer | null
  /** hold: what was masked in the end, where people approved it masked only */
  sentSplices: readonly Splice[] | null
  /** open */
  sent: RequestHead | null
  /** open */
  upstreamHeaders: readonly string[]
  /** open */
  opening: OpeningFacts | null
  /** open */
  recording: Recording | null
  /** What a lock that was set meanwhile ended it with; steps that wait look at it, or set `onCut`. */
  cutBy: GatewayError | null
  /** Set by whatever the exchange waits in (a hold, the relay): called at most once, with `cutBy`. */
  onCut: ((error: GatewayError) => void) | null
  /** Id of the lock that refused or cut it; empty otherwise. */
  lock: string
}

export const NO_SIGHT: RouteSight = { masking: null, request: null, answer: null }

export const NO_TAGS: DeclaredTags = { service: '', headers: {} }

/** The model named by the path, else by the body. */
export function modelOf(exchange: Exchange): string | null {
  return exchange.routing?.surface.modelInPath ?? viewOf(exchange)?.model ?? null
}

export function isStreamAsked(exchange: Exchange): boolean {
  return exchange.routing?.surface.streamInPath ?? viewOf(exchange)?.stream ?? false
}

export function viewOf(exchange: Exchange): RequestView | null {
  return exchange.body.kind === 'whole' ? exchange.body.view : null
}
