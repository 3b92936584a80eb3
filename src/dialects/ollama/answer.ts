/** Puts together what an Ollama server answered, from its lines or one JSON body, whole, cut off or broken. */
import type { AnswerView } from '../../model/dialect.ts'
import { AnswerDraft } from '../answer-draft.ts'
import { parseNdjson } from '../framing/ndjson.ts'
import { listAt, numberAt, parseLoose, textAt, valueAt, writtenJson } from '../../lib/json/loose.ts'
import { RawJson } from '../raw-json.ts'
import { framing } from './follow.ts'

export function readAnswer(contentType: string, body: Buffer): AnswerView {
  const draft = new AnswerDraft()
  if (framing(contentType) === 'ndjson') {
    for (const line of parseNdjson(body)) {
      draft.events += 1
      readPart(draft, line)
    }
  } else {
    readPart(draft, body.toString('utf8'))
  }
  return draft.view()
}

function readPart(draft: AnswerDraft, text: string): void {
  const json = parseLoose(text)
  draft.text += (textAt(json, 'message', 'content') ?? '') + (textAt(json, 'response') ?? '')
  draft.reasoning += (textAt(json, 'message', 'thinking') ?? '') + (textAt(json, 'thinking') ?? '')
  draft.model = textAt(json, 'model') ?? draft.model
  draft.error ??= textAt(json, 'error') ?? textAt(json, 'error', 'message')
  if (valueAt(json, 'done') === true) draft.finishReason = textAt(json, 'done_reason') ?? 'stop'
  draft.addUsage({
    inputTokens: numberAt(json, 'prompt_eval_count'),
    outputTokens: numberAt(json, 'eval_count'),
  })
  const calls = listAt(json, 'message', 'tool_calls')
  if (calls.length > 0) readCalls(draft, calls, new RawJson(Buffer.from(text)))
}

/** Arguments are an object on this wire; the view shows its text as the server wrote it. */
function readCalls(draft: AnswerDraft, calls: readonly unknown[], raw: RawJson): void {
  for (const [place, call] of calls.entries()) {
    const args = raw.at('message', 'tool_calls', place, 'function', 'arguments')
    const id = textAt(call, 'id') ?? textAt(call, 'function', 'id') ?? ''
    const written = args ?? writtenJson(valueAt(call, 'function', 'arguments'))
    draft.addCall(id, textAt(call, 'function', 'name') ?? '', written)
  }
}
