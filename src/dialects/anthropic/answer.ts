/** Puts an Anthropic answer together from its event stream or its JSON body. */
import type { AnswerReading, AnswerView, Surface } from '../../model/dialect.ts'
import { AnswerDraft } from '../answer-draft.ts'
import { SseEvents } from '../framing/sse-events.ts'
import { listAt, numberAt, parseLoose, textAt, valueAt } from '../../lib/json/loose.ts'
import { mediaType, SSE_TYPE } from '../media-type.ts'
import { RawJson } from '../raw-json.ts'

export function readAnthropicAnswer(
  surface: Surface,
  contentType: string,
  body: Buffer,
): AnswerView {
  const reading = readAnthropicAsItComes(surface, contentType)
  if (reading !== null) {
    reading.push(body)
    return reading.view()
  }
  const reader = new AnthropicAnswer()
  reader.applyBody(body)
  return reader.view()
}

export function readAnthropicAsItComes(
  _surface: Surface,
  contentType: string,
): AnswerReading | null {
  if (mediaType(contentType) !== SSE_TYPE) return null
  const reader = new AnthropicAnswer()
  const events = new SseEvents(({ data }) => reader.applyEvent(parseLoose(data)))
  return {
    push: (bytes) => events.push(bytes),
    view: () => {
      events.end()
      return reader.view()
    },
  }
}

/** Vertex and Bedrock carry the same events and bodies in other frames. */
export class AnthropicAnswer {
  readonly #draft = new AnswerDraft()
  readonly #input = { fresh: 0, cacheRead: 0, cacheWritten: 0 }

  view(): AnswerView {
    return this.#draft.view()
  }

  applyEvent(event: unknown): void {
    const draft = this.#draft
    draft.events += 1
    switch (textAt(event, 'type') ?? '') {
      case 'message_start':
        this.#applyHead(valueAt(event, 'message'))
        break
      case 'content_block_start':
        this.#startPart(numberAt(event, 'index') ?? 0, valueAt(event, 'content_block'))
        break
      case 'content_block_delta':
        this.#applyDelta(numberAt(event, 'index') ?? 0, valueAt(event, 'delta'))
        break
      case 'content_block_stop':
        this.#endPart(numberAt(event, 'index') ?? 0)
        break
      case 'message_delta':
        this.#applyStop(valueAt(event, 'delta'))
        this.#applyUsage(valueAt(event, 'usage'))
        break
      case 'completion':
        this.#applyCompletion(event)
        break
      case 'error':
        this.#applyError(event)
        break
      default:
    }
  }

  /** A whole JSON answer: a message, an error, a token count or a legacy completion. */
  applyBody(body: Buffer): void {
    const answer = parseLoose(body.toString('utf8'))
    const raw = new RawJson(body)
    if (valueAt(answer, 'error') !== undefined) this.#applyError(answer)
    if (textAt(answer, 'completion') !== null) this.#applyCompletion(answer)
    this.#applyHead(answer)
    this.#applyStop(answer)
    for (const [index, part] of listAt(answer, 'content').entries()) {
      this.#startPart(index, part, raw.at('content', index, 'input'))
    }
    this.#draft.addUsage({ inputTokens: numberAt(answer, 'input_tokens') })
  }

  #applyHead(message: unknown): void {
    this.#draft.responseId = textAt(message, 'id') ?? this.#draft.responseId
    this.#draft.model = textAt(message, 'model') ?? this.#draft.model
    this.#applyUsage(valueAt(message, 'usage'))
  }

  #applyStop(holder: unknown): void {
    this.#draft.finishReason = textAt(holder, 'stop_reason') ?? this.#draft.finishReason
    this.#draft.refusal += textAt(holder, 'stop_details', 'explanation') ?? ''
  }

  #applyCompletion(holder: unknown): void {
    this.#draft.text += textAt(holder, 'completion') ?? ''
    this.#draft.model = textAt(holder, 'model') ?? this.#draft.model
    this.#draft.responseId = textAt(holder, 'id') ?? this.#draft.responseId
    this.#applyStop(holder)
  }

  #applyError(holder: unknown): void {
    this.#draft.error =
      textAt(holder, 'error', 'message') ??
      textAt(holder, 'error', 'type') ??
      textAt(holder, 'error') ??
      'unknown error'
  }

  /** `input` is the text of the arguments as it stands in a whole body; streams send it in deltas. */
  #startPart(index: number, part: unknown, input: string | null = null): void {
    const type = textAt(part, 'type') ?? ''
    if (type === 'text') this.#draft.text += textAt(part, 'text') ?? ''
    else if (type === 'thinking') this.#draft.reasoning += textAt(part, 'thinking') ?? ''
    else if (type.endsWith('tool_use')) {
      const call = this.#draft.call(index)
      call.id = textAt(part, 'id') ?? ''
      call.name = textAt(part, 'name') ?? ''
      if (input !== null) call.arguments = input
    }
  }

  #applyDelta(index: number, delta: unknown): void {
    this.#draft.text += textAt(delta, 'text') ?? ''
    this.#draft.reasoning += textAt(delta, 'thinking') ?? ''
    const partial = textAt(delta, 'partial_json')
    if (partial !== null) this.#draft.call(index).arguments += partial
  }

  /** A call without arguments is streamed without any delta that holds text. */
  #endPart(index: number): void {
    if (!this.#draft.hasCall(index)) return
    const call = this.#draft.call(index)
    if (call.arguments === '') call.arguments = '{}'
  }

  /**
   * Anthropic counts cached input apart from `input_tokens`; the view counts all input, as the other dialects do. The
   * numbers are cumulative and may be repeated, so the latest of each wins.
   */
  #applyUsage(usage: unknown): void {
    if (usage === undefined || usage === null) return
    const input = this.#input
    const fresh = numberAt(usage, 'input_tokens')
    const cached = numberAt(usage, 'cache_read_input_tokens')
    input.fresh = fresh ?? input.fresh
    input.cacheRead = cached ?? input.cacheRead
    input.cacheWritten = numberAt(usage, 'cache_creation_input_tokens') ?? input.cacheWritten
    this.#draft.addUsage({
      inputTokens: fresh === null ? null : input.fresh + input.cacheRead + input.cacheWritten,
      outputTokens: numberAt(usage, 'output_tokens'),
      cachedInputTokens: cached,
    })
  }
}
