/** Puts a Gemini answer together from its event stream, its streamed array or its JSON body. */
import type { AnswerReading, AnswerView, Surface } from '../../model/dialect.ts'
import { readAnthropicAnswer, readAnthropicAsItComes } from '../anthropic/answer.ts'
import { AnswerDraft } from '../answer-draft.ts'
import { SseEvents } from '../framing/sse-events.ts'
import { listAt, numberAt, parseLoose, textAt, valueAt } from '../../lib/json/loose.ts'
import { mediaType, SSE_TYPE } from '../media-type.ts'
import { RawJson } from '../raw-json.ts'

const BETWEEN_CANDIDATES = '\n\n'
/** Anthropic models on Vertex. */
const RAW_PREDICT = 'vertex.raw-predict'

export function readGeminiAnswer(surface: Surface, contentType: string, body: Buffer): AnswerView {
  if (surface.name === RAW_PREDICT) return readAnthropicAnswer(surface, contentType, body)
  const reading = readGeminiAsItComes(surface, contentType)
  if (reading !== null) {
    reading.push(body)
    return reading.view()
  }
  const answer = new GeminiAnswer()
  const json = parseLoose(body.toString('utf8'))
  const raw = new RawJson(body)
  if (!Array.isArray(json)) answer.apply(json, raw, [])
  else for (const [index, element] of json.entries()) answer.apply(element, raw, [index])
  return answer.view()
}

export function readGeminiAsItComes(surface: Surface, contentType: string): AnswerReading | null {
  if (surface.name === RAW_PREDICT) return readAnthropicAsItComes(surface, contentType)
  if (mediaType(contentType) !== SSE_TYPE) return null
  const answer = new GeminiAnswer()
  const events = new SseEvents(({ data }) => {
    answer.apply(parseLoose(data), new RawJson(Buffer.from(data)), [])
  })
  return {
    push: (bytes) => events.push(bytes),
    view: () => {
      events.end()
      return answer.view()
    },
  }
}

interface Candidate {
  text: string
  reasoning: string
}

class GeminiAnswer {
  readonly #draft = new AnswerDraft()
  readonly #candidates = new Map<number, Candidate>()

  view(): AnswerView {
    const candidates = [...this.#candidates].sort(([a], [b]) => a - b).map(([, found]) => found)
    const joined = (name: keyof Candidate): string =>
      candidates
        .map((candidate) => candidate[name])
        .filter((text) => text !== '')
        .join(BETWEEN_CANDIDATES)
    this.#draft.text = joined('text')
    this.#draft.reasoning = joined('reasoning')
    return this.#draft.view()
  }

  /** `place` is where `chunk` stands in the document that `raw` reads. */
  apply(chunk: unknown, raw: RawJson, place: readonly number[]): void {
    const draft = this.#draft
    draft.events += 1
    draft.responseId = textAt(chunk, 'responseId') ?? draft.responseId
    draft.model = textAt(chunk, 'modelVersion') ?? draft.model
    if (valueAt(chunk, 'error') !== undefined) {
      draft.error =
        textAt(chunk, 'error', 'message') ?? textAt(chunk, 'error', 'status') ?? 'unknown error'
    }
    const blocked = textAt(chunk, 'promptFeedback', 'blockReason')
    if (blocked !== null) {
      draft.finishReason = blocked
      draft.refusal += textAt(chunk, 'promptFeedback', 'blockReasonMessage') ?? blocked
    }
    for (const [index, candidate] of listAt(chunk, 'candidates').entries()) {
      draft.finishReason = textAt(candidate, 'finishReason') ?? draft.finishReason
      this.#applyParts(candidate, index, raw, [...place, 'candidates', index, 'content', 'parts'])
    }
    this.#applyUsage(chunk)
  }

  #applyParts(
    candidate: unknown,
    position: number,
    raw: RawJson,
    place: readonly (string | number)[],
  ): void {
    const key = numberAt(candidate, 'index') ?? position
    const known = this.#candidates.get(key) ?? { text: '', reasoning: '' }
    this.#candidates.set(key, known)
    for (const [index, part] of listAt(candidate, 'content', 'parts').entries()) {
      const text = textAt(part, 'text') ?? ''
      if (valueAt(part, 'thought') === true) known.reasoning += text
      else known.text += text
      const call = valueAt(part, 'functionCall')
      if (call === undefined) continue
      const args = raw.at(...place, index, 'functionCall', 'args') ?? '{}'
      this.#draft.addCall(textAt(call, 'id') ?? '', textAt(call, 'name') ?? '', args)
    }
  }

  /** The numbers are totals so far. Gemini counts thoughts apart from the answer; the view counts all output. */
  #applyUsage(chunk: unknown): void {
    const usage = valueAt(chunk, 'usageMetadata')
    const answer = numberAt(usage, 'candidatesTokenCount')
    const thoughts = numberAt(usage, 'thoughtsTokenCount')
    this.#draft.addUsage({
      inputTokens: numberAt(usage, 'promptTokenCount') ?? numberAt(chunk, 'totalTokens'),
      outputTokens: answer === null && thoughts === null ? null : (answer ?? 0) + (thoughts ?? 0),
      cachedInputTokens: numberAt(usage, 'cachedContentTokenCount'),
      reasoningTokens: thoughts,
    })
  }
}
