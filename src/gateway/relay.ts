/** Brings one answer back: to evidence first, then to the caller; the terminal event waits until the close record is durable. */
import { GatewayError, fail } from '../model/errors.ts'
import type { SpokenEnding, StreamFollower } from '../model/dialect.ts'
import type { ClosingFacts, Outcome } from '../model/record.ts'
import type { Recording } from '../model/recorder.ts'
import { answerHead } from './answer-head.ts'
import { createAnswerSample } from './answer-sample.ts'
import { contentDecoder } from './content-encoding.ts'
import { recordRefusal, renderRefusal } from './error-answer.ts'
import { createEventBoundary } from './event-boundary.ts'
import type { EventBoundary } from './event-boundary.ts'
import type { Exchange, Routing } from './exchange.ts'
import { headerList, headerValue, recordableHeaders } from './headers.ts'
import { endOfBegun, isContinuedBy, recordBegun } from './hold/begun-answer.ts'
import { UNMASKED } from './masking/answer-flow.ts'
import type { AnswerFlow, Shown } from './masking/answer-flow.ts'
import { flowFor, withoutBodyFacts } from './masking/answer-of-exchange.ts'
import type { GatewayParts } from './parts.ts'
import { createReleaseGate, type ReleaseGate } from './release-gate.ts'
import { isClaudeCode, lastEvent } from './claude-code.ts'
import { rememberAnswer } from './conversation/conversation.ts'
import { closingFacts, readingAsItComes } from './settlement.ts'
import type { UpstreamCall, UpstreamListener } from './upstream-client.ts'

/** After the terminal event a provider ends its answer at once; one that does not is not waited for. */
const TERMINAL_GRACE_MS = 5_000
/** Bytes handed to evidence and not yet durable above which the provider is paused. */
const PENDING_MAX = 4 * 1024 * 1024
const SAMPLE_MAX = 256 * 1024
/** Bytes a provider may send behind its terminal event; they are held, so more of them are not waited for. */
const AFTER_TERMINAL_MAX = 1024 * 1024

/** `masking`: the provider has ended, and the rest of its answer is being looked into. */
type Phase = 'head' | 'body' | 'masking' | 'closing' | 'closed'

/**
 * The legal order is head, chunks, then one ending; the first ending wins (end, error, caller gone, evidence failed,
 * terminal grace) and every later one is ignored.
 */
export class Relay implements UpstreamListener {
  /** Set by the forward step right after the call was sent. */
  call: UpstreamCall | null = null
  readonly #exchange: Exchange
  readonly #routing: Routing
  readonly #recording: Recording
  readonly #parts: GatewayParts
  readonly #settled: (facts: ClosingFacts) => void
  readonly #faulted: (fault: unknown) => void
  readonly #sample = createAnswerSample(SAMPLE_MAX)
  #phase: Phase = 'head'
  #gate: ReleaseGate | null = null
  #follower: StreamFollower | null = null
  #callerHead: readonly string[] = []
  #status: number | null = null
  #contentType = ''
  #contentEncoding: string | null = null
  #isPlain = true
  #address: string | null = null
  #firstByteMs: number | null = null
  #answerBytes = 0
  #pausedFor = 0
  #grace: NodeJS.Timeout | null = null
  #stalled: NodeJS.Timeout | null = null
  #boundary: EventBoundary | null = null
  #flow: AnswerFlow = UNMASKED
  /** Null for clients that raise an error event. */
  #spoken: SpokenEnding | null = null
  /** Bytes handed to the gate. */
  #shownBytes = 0
  #isCut = false
  /** Not null while a piece of the answer is being looked into. */
  #turn: Promise<void> | null = null

  constructor(
    exchange: Exchange,
    routing: Routing,
    recording: Recording,
    parts: GatewayParts,
    ending: {
      readonly settled: (facts: ClosingFacts) => void
      readonly faulted: (fault: unknown) => void
    },
  ) {
    this.#exchange = exchange
    this.#routing = routing
    this.#recording = recording
    this.#parts = parts
    this.#settled = ending.settled
    this.#faulted = ending.faulted
    exchange.caller.onGone(() => this.#callerLeft())
    recording.onFailure((error) =>
      this.#conclude('evidence-failed', fail('evidence.failed', '', error)),
    )
  }

  onHead(status: number, flatHeaders: readonly string[], address: string | null): void {
    if (this.#phase !== 'head') return
    this.#phase = 'body'
    try {
      this.#begin(status, flatHeaders, address)
    } catch (cause) {
      const known = cause instanceof GatewayError ? cause : fail('upstream.protocol', '', cause)
      this.#conclude('upstream-failed', known)
    }
  }

  #begin(status: number, flatHeaders: readonly string[], address: string | null): void {
    const { caller, begun } = this.#exchange
    const atMs = this.#parts.clock.monotonicMs()
    this.#status = status
    this.#address = address
    this.#firstByteMs = atMs - this.#exchange.arrivedAt
    this.#contentType = headerValue(flatHeaders, 'content-type') ?? ''
    this.#contentEncoding = headerList(flatHeaders, 'content-encoding')
    this.#recording.answerHead(
      { status, headers: recordableHeaders(flatHeaders) },
      'upstream',
      atMs,
    )
    const head = { status, contentType: this.#contentType, contentEncoding: this.#contentEncoding }
    if (begun !== null && !isContinuedBy(begun, head))
      throw fail('upstream.unlike-begun', `Its status was ${status}.`)
    this.#callerHead = answerHead(flatHeaders, this.#exchange, this.#routing)
    this.#flow = flowFor(this.#exchange, this.#routing, this.#parts, head)
    if (!this.#flow.keepsBytes) this.#callerHead = withoutBodyFacts(this.#callerHead)
    const decoder = contentDecoder(this.#contentEncoding)
    this.#isPlain = decoder === 'identity'
    if (this.#isPlain)
      this.#sample.readBy(readingAsItComes(this.#routing, status, this.#contentType))
    const follower =
      status < 300 && decoder !== null
        ? this.#routing.dialect.follow(this.#routing.surface, this.#contentType)
        : null
    this.#follower = follower
    this.#gate = createReleaseGate({
      mode: this.#exchange.route?.mode ?? 'strict',
      follower,
      decode: decoder === null || decoder === 'identity' ? null : decoder.stream,
      durable: () => this.#recording.durable(),
      release: (bytes) => this.#release(bytes),
      failed: (error) => this.#conclude('evidence-failed', fail('evidence.failed', '', error)),
    })
    this.#boundary = createEventBoundary(
      this.#routing.dialect.framing(this.#routing.surface, this.#contentType),
      this.#exchange.route?.mode !== 'best-effort',
    )
    if (follower !== null && isClaudeCode(this.#exchange))
      this.#spoken = this.#routing.dialect.spokenEnding?.(this.#routing.surface) ?? null
    // A stream's head goes out at once: clients measure their time to first byte from it.
    if (follower !== null && !caller.answered && this.#exchange.route?.mode !== 'strict-chunks')
      caller.head(status, this.#callerHead, true)
  }

  onChunk(bytes: Buffer): void {
    if (this.#phase !== 'body' || this.#gate === null) return
    this.#answerBytes += bytes.length
    this.#recording.answerChunk(bytes, this.#parts.clock.monotonicMs())
    this.#sample.push(bytes)
    this.#advance(bytes)
  }

  /** In order: what is still being looked into holds up what comes behind it. */
  #advance(bytes: Buffer): void {
    const shown =
      this.#turn === null ? this.#flow.push(bytes) : this.#turn.then(() => this.#flow.push(bytes))
    if (!(shown instanceof Promise)) {
      this.#advanced(shown)
      return
    }
    this.#pause()
    const turn = this.#waitedFor(shown)
      .catch(this.#faulted)
      .finally(() => {
        if (this.#turn === turn) this.#turn = null
      })
    this.#turn = turn
  }

  async #waitedFor(shown: Promise<Shown>): Promise<void> {
    const one = await shown
    this.#resume()
    if (this.#phase === 'body') this.#advanced(one)
  }

  #advanced(shown: Shown): void {
    if (!this.#show(shown)) return
    if (this.#follower?.problem !== null && this.#follower !== null) {
      this.#conclude('upstream-failed', fail('upstream.protocol', this.#follower.problem ?? ''))
      return
    }
    if (this.#follower?.terminal === true) {
      this.#grace ??= setTimeout(() => this.onEnd(), TERMINAL_GRACE_MS)
      if ((this.#gate?.held() ?? 0) > AFTER_TERMINAL_MAX) {
        this.onEnd()
        return
      }
    }
    if (this.#recording.pendingBytes() > PENDING_MAX) {
      this.#pause()
      this.#recording.durable().then(
        () => this.#resume(),
        () => undefined,
      )
    }
  }

  /** Hands on what the caller may see; false when the answer ends here. */
  #show(shown: Shown): boolean {
    if (shown instanceof GatewayError) {
      this.#conclude('upstream-failed', shown)
      return false
    }
    this.#shownBytes += shown.length
    if (shown.length > 0) this.#gate?.push(shown)
    return true
  }

  onEnd(): void {
    if (this.#phase !== 'body') return
    if (this.#turn !== null) {
      this.#turn.then(() => this.onEnd()).catch(this.#faulted)
      return
    }
    this.#phase = 'masking'
    const rest = this.#flow.end()
    if (rest instanceof Promise) rest.then((shown) => this.#ended(shown)).catch(this.#faulted)
    else this.#ended(rest)
  }

  #ended(rest: Shown): void {
    if (this.#phase !== 'masking' || !this.#show(rest)) return
    // A decoder runs behind the bytes, so of an encoded answer only the provider's own framing is judged.
    if (this.#isPlain && this.#follower?.terminal === false && !this.#follower.atBoundary) {
      this.#conclude(
        'upstream-failed',
        fail('upstream.protocol', 'It ended in the middle of an event.'),
      )
      return
    }
    this.#conclude('answered', null)
  }

  onError(error: GatewayError): void {
    // The answer was complete when its terminal event had come; how the connection ends afterwards says nothing.
    if (this.#follower?.terminal === true) this.onEnd()
    else if (error.code === 'request.aborted') this.#callerLeft()
    else this.#conclude('upstream-failed', error)
  }

  /** A lock that was set meanwhile ends it. */
  cut(error: GatewayError): void {
    this.#isCut = true
    this.#conclude('contained', error)
  }

  #conclude(outcome: Outcome, error: GatewayError | null): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return
    this.#phase = 'closing'
    if (this.#grace !== null) clearTimeout(this.#grace)
    if (this.#stalled !== null) clearTimeout(this.#stalled)
    if (outcome !== 'answered' || this.#follower?.terminal === true) this.call?.abort()
    this.#finish(outcome, error).catch(this.#faulted)
  }

  async #finish(outcome: Outcome, error: GatewayError | null): Promise<void> {
    const { caller } = this.#exchange
    const substitute = error !== null && outcome !== 'caller-aborted' && !caller.answered
    const answer = substitute ? renderRefusal(this.#exchange, this.#parts, error) : null
    if (answer !== null && this.#status === null) {
      recordRefusal(this.#recording, answer, this.#parts.clock.monotonicMs())
    } else if (this.#status === null)
      recordBegun(this.#recording, this.#exchange, error, this.#parts.clock.monotonicMs())
    const facts = closingFacts(this.#exchange, this.#routing, this.#parts.conversations.reader, {
      masked: this.#flow.report(),
      outcome: answer !== null && outcome === 'upstream-failed' ? 'gateway-error' : outcome,
      error,
      callerStatus:
        answer?.status ?? (caller.answered || outcome === 'answered' ? this.#status : null),
      upstreamStatus: this.#status,
      upstreamAddress: this.#address,
      answerBytes: this.#answerBytes,
      releasedBytes:
        answer?.body.length ??
        (outcome === 'answered' ? this.#shownBytes : (this.#gate?.released() ?? 0)),
      firstByteMs: this.#firstByteMs,
      nowMs: this.#parts.clock.nowMs(),
      monotonicMs: this.#parts.clock.monotonicMs(),
      sample: this.#sample,
      contentType: this.#contentType,
      contentEncoding: this.#contentEncoding,
    })
    rememberAnswer(this.#parts.conversations, this.#exchange, facts.answerDigest)
    const isLenient = this.#exchange.route?.mode === 'best-effort'
    const closed = this.#recording.close(facts)
    if (isLenient) closed.catch(() => undefined)
    else {
      try {
        await closed
      } catch (cause) {
        this.#deliverFailure(fail('evidence.failed', '', cause))
        this.#phase = 'closed'
        this.#settled({
          ...facts,
          state: 'interrupted',
          outcome: 'evidence-failed',
          errorCode: 'evidence.failed',
        })
        return
      }
    }
    this.#phase = 'closed'
    if (answer !== null) {
      if (!caller.gone) {
        caller.head(answer.status, answer.headers)
        caller.end(answer.body)
      }
    } else if (error === null) this.#deliverEnd()
    else if (outcome !== 'caller-aborted') this.#deliverFailure(error)
    this.#settled(facts)
  }

  #deliverEnd(): void {
    const { caller } = this.#exchange
    if (caller.gone) return
    const rest = this.#gate?.rest() ?? null
    if (!caller.answered) {
      // A masked answer has another length than the provider said.
      const hasLength = !this.#flow.keepsBytes && rest !== null
      const length = hasLength ? ['content-length', String(rest.length)] : []
      caller.head(this.#status ?? 200, [...this.#callerHead, ...length])
    }
    if (rest === null) caller.end()
    else caller.end(rest)
  }

  /** The caller has had a part: say it in the dialect where its client raises it, else break the connection visibly. */
  #deliverFailure(error: GatewayError): void {
    const { caller } = this.#exchange
    if (caller.gone) return
    if (!caller.answered) {
      const answer = renderRefusal(this.#exchange, this.#parts, error)
      caller.head(answer.status, answer.headers)
      caller.end(answer.body)
      return
    }
    // A declared length has no room for an event more, and inside a coding one cannot be put.
    const takesEvent =
      this.#boundary?.isBetweenEvents() === true &&
      this.#follower !== null &&
      this.#contentEncoding === null &&
      headerValue(this.#callerHead, 'content-length') === null
    const last = takesEvent
      ? lastEvent(this.#exchange, this.#routing, this.#spoken, error)
      : this.#gate === null
        ? endOfBegun(this.#exchange, error)
        : null
    if (last === null) caller.cut()
    else caller.end(last)
  }

  #release(bytes: Buffer): void {
    const { caller } = this.#exchange
    // What became durable behind a cut stays here.
    if (caller.gone || this.#isCut) return
    if (!caller.answered) caller.head(this.#status ?? 200, this.#callerHead)
    this.#boundary?.passed(bytes)
    this.#spoken?.passed(bytes)
    if (caller.write(bytes) || this.#stalled !== null) return
    // What becomes durable after the end is the last there is; from here on delivery has its own limit.
    if (this.#phase === 'closing' || this.#phase === 'closed') return
    this.#pause()
    // Threat: a caller that never reads would keep its place, and the provider's, for ever.
    const stalled = setTimeout(() => {
      caller.cut()
      this.#callerLeft()
    }, this.#exchange.settings.limits.idleMs)
    this.#stalled = stalled
    caller.onDrain(() => {
      clearTimeout(stalled)
      this.#stalled = null
      this.#resume()
    })
  }

  #callerLeft(): void {
    this.#conclude('caller-aborted', fail('request.aborted'))
  }

  /** Several reasons may pause at once; the call resumes when the last of them is gone. */
  #pause(): void {
    this.#pausedFor += 1
    if (this.#pausedFor === 1) this.call?.pause()
  }

  #resume(): void {
    this.#pausedFor -= 1
    if (this.#pausedFor === 0) this.call?.resume()
  }
}
