/** Puts together what an OpenAI API answered, from a stream or a JSON body, whole, cut off or broken. */
import type { AnswerReading, AnswerView, Surface } from '../../model/dialect.ts'
import { AnswerDraft } from '../answer-draft.ts'
import { SseEvents } from '../framing/sse-events.ts'
import { parseLoose, textAt, valueAt } from '../../lib/json/loose.ts'
import { ChatAssembler } from './answer-chat.ts'
import { ResponsesAssembler } from './answer-responses.ts'
import { errorText, readUsage } from './answer-parts.ts'
import { framing } from './follow.ts'

/** The shape of what comes decides how it is read, not the surface: compatible servers answer as they like. */
export function readAnswer(surface: Surface, contentType: string, body: Buffer): AnswerView {
  const reading = readAsItComes(surface, contentType)
  if (reading !== null) {
    reading.push(body)
    return reading.view()
  }
  const draft = new AnswerDraft()
  const chat = new ChatAssembler(draft)
  const responses = new ResponsesAssembler(draft)
  readBody(draft, chat, responses, parseLoose(body.toString('utf8')))
  return viewOf(draft, chat, responses)
}

export function readAsItComes(surface: Surface, contentType: string): AnswerReading | null {
  if (framing(surface, contentType) !== 'sse') return null
  const draft = new AnswerDraft()
  const chat = new ChatAssembler(draft)
  const responses = new ResponsesAssembler(draft)
  const events = new SseEvents(({ event, data }) => {
    draft.events += 1
    readEvent(draft, chat, responses, event, parseLoose(data))
  })
  return {
    push: (bytes) => events.push(bytes),
    view: () => {
      events.end()
      return viewOf(draft, chat, responses)
    },
  }
}

function viewOf(
  draft: AnswerDraft,
  chat: ChatAssembler,
  responses: ResponsesAssembler,
): AnswerView {
  chat.end()
  responses.end()
  return draft.view()
}

function readEvent(
  draft: AnswerDraft,
  chat: ChatAssembler,
  responses: ResponsesAssembler,
  event: string,
  json: unknown,
): void {
  const type = textAt(json, 'type') ?? event
  if (type === 'error' && valueAt(json, 'error') === undefined) draft.error ??= errorText(json)
  // The last event of a stream that was cut off may have a name and half its data.
  if (typeof json !== 'object' || json === null) return
  readCommon(draft, json)
  if (type.startsWith('response.')) responses.event(type, json)
  else if (type === 'transcript.text.delta') draft.text += textAt(json, 'delta') ?? ''
  else chat.chunk(json)
}

function readBody(
  draft: AnswerDraft,
  chat: ChatAssembler,
  responses: ResponsesAssembler,
  json: unknown,
): void {
  readCommon(draft, json)
  if (Array.isArray(valueAt(json, 'output'))) responses.whole(json)
  else if (Array.isArray(valueAt(json, 'choices'))) chat.whole(json)
  else draft.text = textAt(json, 'text') ?? ''
}

/** Members that chunks, whole answers and error bodies have in common. */
function readCommon(draft: AnswerDraft, json: unknown): void {
  draft.model = textAt(json, 'model') ?? draft.model
  draft.responseId = textAt(json, 'id') ?? draft.responseId
  readUsage(draft, valueAt(json, 'x_groq', 'usage'))
  readUsage(draft, valueAt(json, 'usage'))
  const error = valueAt(json, 'error')
  if (error !== undefined && error !== null) draft.error ??= errorText(error)
  else if (textAt(json, 'object') === 'error') draft.error ??= errorText(json)
}
