/** Puts a Bedrock answer together: Converse, and what the model families answer behind `invoke`. */
import type { AnswerView, Surface } from '../../model/dialect.ts'
import { AnthropicAnswer } from '../anthropic/answer.ts'
import { AnswerDraft } from '../answer-draft.ts'
import { parseEventStream } from '../framing/aws-eventstream.ts'
import type { EventStreamMessage } from '../framing/aws-eventstream.ts'
import { headerText } from '../framing/aws-headers.ts'
import { listAt, numberAt, parseLoose, textAt, valueAt } from '../../lib/json/loose.ts'
import { mediaType } from '../media-type.ts'
import { RawJson } from '../raw-json.ts'
import { ConverseAnswer } from './converse-answer.ts'
import { EVENT_STREAM_TYPE } from './follow.ts'
import { invokeChunk, METRICS } from './invoke-chunk.ts'

export function readBedrockAnswer(
  _surface: Surface,
  contentType: string,
  body: Buffer,
): AnswerView {
  const answer = new BedrockAnswer()
  if (mediaType(contentType) === EVENT_STREAM_TYPE) {
    for (const message of parseEventStream(body).messages) answer.applyMessage(message)
  } else answer.applyBody(body)
  return answer.view()
}

class BedrockAnswer {
  readonly #draft = new AnswerDraft()
  readonly #converse = new ConverseAnswer(this.#draft)
  /** Made when the first event or body of an Anthropic model is met. */
  #anthropic: AnthropicAnswer | null = null

  view(): AnswerView {
    const own = this.#draft.view()
    if (this.#anthropic === null) return own
    const view = this.#anthropic.view()
    return {
      ...view,
      error: view.error ?? own.error,
      usage: {
        ...view.usage,
        inputTokens: view.usage.inputTokens ?? own.usage.inputTokens,
        outputTokens: view.usage.outputTokens ?? own.usage.outputTokens,
      },
      events: own.events,
    }
  }

  applyMessage({ headers, payload }: EventStreamMessage): void {
    this.#draft.events += 1
    const type = headerText(headers, ':message-type')
    if (type === 'exception' || type === 'error') {
      const text = textAt(parseLoose(payload.toString('utf8')), 'message')
      this.#draft.error =
        text ??
        (headerText(headers, ':error-message') ||
          headerText(headers, ':exception-type') ||
          'unknown error')
      return
    }
    const name = headerText(headers, ':event-type')
    if (name !== 'chunk') {
      this.#converse.applyEvent(name, parseLoose(payload.toString('utf8')))
      return
    }
    const chunk = invokeChunk(payload)
    if (chunk !== null) this.#applyChunk(parseLoose(chunk.toString('utf8')))
  }

  #applyChunk(event: unknown): void {
    const draft = this.#draft
    if (textAt(event, 'type') !== null) {
      this.#anthropic ??= new AnthropicAnswer()
      this.#anthropic.applyEvent(event)
    } else if (typeof event === 'object' && event !== null) {
      // Amazon's own models send the events of Converse, each as the only member.
      for (const [name, inner] of Object.entries(event)) this.#converse.applyEvent(name, inner)
      this.#applyNative(event)
    }
    draft.addUsage({
      inputTokens: numberAt(event, METRICS, 'inputTokenCount'),
      outputTokens: numberAt(event, METRICS, 'outputTokenCount'),
    })
  }

  applyBody(body: Buffer): void {
    const answer = parseLoose(body.toString('utf8'))
    const isMessage = textAt(answer, 'type') === 'message' || textAt(answer, 'type') === 'error'
    if (isMessage || textAt(answer, 'completion') !== null) {
      this.#anthropic = new AnthropicAnswer()
      this.#anthropic.applyBody(body)
      return
    }
    this.#converse.applyBody(answer, new RawJson(body))
    this.#applyNative(answer)
    this.#draft.addUsage({ inputTokens: numberAt(answer, 'inputTokens') })
    this.#draft.error = textAt(answer, 'message') ?? textAt(answer, 'Message')
  }

  /** Titan, Llama, Mistral, Cohere and models that answer in OpenAI's shape; whole bodies and stream events alike. */
  #applyNative(answer: unknown): void {
    const draft = this.#draft
    const holders = [
      answer,
      ...listAt(answer, 'results'),
      ...listAt(answer, 'outputs'),
      ...listAt(answer, 'generations'),
      ...listAt(answer, 'choices'),
    ]
    for (const holder of holders) {
      for (const name of ['outputText', 'generation', 'text'])
        draft.text += textAt(holder, name) ?? ''
      for (const name of ['message', 'delta']) draft.text += textAt(holder, name, 'content') ?? ''
      for (const name of ['completionReason', 'stop_reason', 'finish_reason']) {
        draft.finishReason = textAt(holder, name) ?? draft.finishReason
      }
    }
    const usage = valueAt(answer, 'usage')
    draft.addUsage({
      inputTokens:
        numberAt(answer, 'prompt_token_count') ??
        numberAt(answer, 'inputTextTokenCount') ??
        numberAt(usage, 'prompt_tokens'),
      outputTokens:
        numberAt(answer, 'generation_token_count') ?? numberAt(usage, 'completion_tokens'),
    })
  }
}
