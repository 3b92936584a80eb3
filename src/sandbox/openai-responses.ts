/** Speaks OpenAI responses: the whole object, and the full sequence of stream events that builds it up. */
import { createHash } from 'node:crypto'
import type { Answer } from './answer.ts'
import { jsonAnswer } from './answer.ts'
import type { Call } from './call.ts'
import { CREATED } from './call.ts'
import type { JsonObject } from './json.ts'
import { contentText, isObject, listIn, objectsIn, textIn } from './json.ts'
import { MIDWAY } from './refuse.ts'
import type { Prompt, ScriptedAnswer } from './scripted-answer.ts'
import { scriptedAnswer } from './scripted-answer.ts'
import { sseAnswer, typedEvent } from './sse.ts'
import type { TypedEvent } from './sse.ts'
import { promptTokens } from './tokens.ts'

export function openaiResponses(call: Call): Answer {
  const { json } = call
  const model = textIn(json['model'])
  if (model === '') return call.refuse(400, "Missing required parameter: 'model'.")
  if (textIn(json['input']) === '' && objectsIn(json['input']).length === 0) {
    return call.refuse(400, "Missing required parameter: 'input'.")
  }
  const answer = scriptedAnswer(readPrompt(json, model), call.script)
  const items = itemsOf(answer, call)
  const response = responseFrame(json, call.id)
  const completed = {
    ...response,
    status: 'completed',
    completed_at: CREATED,
    output: items.map((item) => item.done),
    usage: usageOf(answer),
  }
  if (json['stream'] !== true) return jsonAnswer(completed, { delayMs: answer.wholeDelayMs })
  const events: TypedEvent[] = [
    { type: 'response.created', response },
    { type: 'response.in_progress', response },
    ...items.flatMap(itemEvents),
    { type: 'response.completed', response: completed },
  ]
  const pieces = events.map(({ type, ...rest }, sequence) =>
    typedEvent({ type, sequence_number: sequence, ...rest }, type.endsWith('.delta')),
  )
  const { message } = MIDWAY
  const failure = { type: 'error', code: 'server_error', message, param: null }
  return sseAnswer({
    pieces,
    intervalMs: answer.intervalMs,
    failure: typedEvent({ ...failure, sequence_number: pieces.length >> 1 }),
  })
}

export function openaiResponsesInputTokens(call: Call): Answer {
  return jsonAnswer({ object: 'response.input_tokens', input_tokens: inputTokens(call.json) })
}

function inputTokens(json: JsonObject): number {
  return promptTokens(json['input'], json['instructions'], json['tools'])
}

function readPrompt(json: JsonObject, model: string): Prompt {
  const input = objectsIn(json['input'])
  const user = input.findLast((item) => item['role'] === 'user')
  const last = input.at(-1)
  const fromTool = textIn(last?.['type']).endsWith('_call_output')
  return {
    model,
    userText: textIn(json['input']) || contentText(user?.['content']),
    toolResult: fromTool ? contentText(last?.['output']) : null,
    tools: objectsIn(json['tools'])
      .filter((tool) => tool['type'] === 'function')
      .map((tool) => ({ name: textIn(tool['name']), schema: tool['parameters'] })),
    inputTokens: inputTokens(json),
  }
}

function usageOf({ usage }: ScriptedAnswer) {
  return {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: usage.cached },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: usage.input + usage.output,
  }
}

/** The response before any output, with the caller's own settings repeated as the provider does. */
function responseFrame(json: JsonObject, id: string): JsonObject {
  const orElse = (name: string, fallback: unknown) => json[name] ?? fallback
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: CREATED,
    status: 'in_progress',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: orElse('instructions', null),
    max_output_tokens: orElse('max_output_tokens', null),
    model: json['model'],
    output: [],
    parallel_tool_calls: orElse('parallel_tool_calls', true),
    previous_response_id: orElse('previous_response_id', null),
    reasoning: orElse('reasoning', { effort: null, summary: null }),
    service_tier: 'default',
    store: orElse('store', true),
    temperature: orElse('temperature', 1),
    text: orElse('text', { format: { type: 'text' } }),
    tool_choice: orElse('tool_choice', 'auto'),
    tools: orElse('tools', []),
    top_p: orElse('top_p', 1),
    truncation: orElse('truncation', 'disabled'),
    usage: null,
    user: orElse('user', null),
    metadata: isObject(json['metadata']) ? json['metadata'] : {},
  }
}

/** One output item: as it opens, the events that fill it, and as it ends. `item_id` and indexes are added later. */
interface OutputItem {
  readonly id: string
  readonly opening: JsonObject
  readonly filling: readonly TypedEvent[]
  readonly done: JsonObject
}

function itemsOf(answer: ScriptedAnswer, call: Call): readonly OutputItem[] {
  const isEncrypted = listIn(call.json['include']).includes('reasoning.encrypted_content')
  const items: OutputItem[] = []
  if (answer.reasoning !== '') items.push(reasoningItem(answer, call.id, isEncrypted))
  if (answer.call === null || answer.text !== '') items.push(messageItem(answer, call.id))
  if (answer.call !== null) {
    const { name } = answer.call
    const offered = objectsIn(call.json['tools']).find((tool) => tool['name'] === name)
    const item = offered?.['type'] === 'custom' ? customCallItem : callItem
    items.push(item(answer.call, call.id))
  }
  return items
}

function reasoningItem(answer: ScriptedAnswer, id: string, isEncrypted: boolean): OutputItem {
  const sealed = createHash('sha512').update(answer.reasoning).digest('base64')
  const head = {
    id: `rs_${id}`,
    type: 'reasoning',
    ...(isEncrypted ? { encrypted_content: sealed } : {}),
  }
  const part = { type: 'summary_text', text: answer.reasoning }
  const at = { summary_index: 0 }
  return {
    id: head.id,
    opening: { ...head, summary: [] },
    filling: [
      { type: 'response.reasoning_summary_part.added', ...at, part: { ...part, text: '' } },
      ...answer.reasoningPieces.map((delta) => ({
        type: 'response.reasoning_summary_text.delta',
        ...at,
        delta,
      })),
      { type: 'response.reasoning_summary_text.done', ...at, text: answer.reasoning },
      { type: 'response.reasoning_summary_part.done', ...at, part },
    ],
    done: { ...head, summary: [part] },
  }
}

function messageItem(answer: ScriptedAnswer, id: string): OutputItem {
  const head = { id: `msg_${id}`, type: 'message', role: 'assistant' }
  const part = { type: 'output_text', annotations: [], logprobs: [], text: answer.text }
  const at = { content_index: 0 }
  return {
    id: head.id,
    opening: { ...head, status: 'in_progress', content: [] },
    filling: [
      { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
      ...answer.textPieces.map((delta) => ({
        type: 'response.output_text.delta',
        ...at,
        delta,
        logprobs: [],
      })),
      { type: 'response.output_text.done', ...at, text: answer.text, logprobs: [] },
      { type: 'response.content_part.done', ...at, part },
    ],
    done: { ...head, status: 'completed', content: [part] },
  }
}

function callItem(call: NonNullable<ScriptedAnswer['call']>, id: string): OutputItem {
  const head = { id: `fc_${id}`, type: 'function_call', call_id: `call_${id}`, name: call.name }
  return {
    id: head.id,
    opening: { ...head, status: 'in_progress', arguments: '' },
    filling: [
      ...call.fragments.map((delta) => ({ type: 'response.function_call_arguments.delta', delta })),
      { type: 'response.function_call_arguments.done', name: call.name, arguments: call.json },
    ],
    done: { ...head, status: 'completed', arguments: call.json },
  }
}

/** A tool that is given free text, such as a patch. */
function customCallItem(call: NonNullable<ScriptedAnswer['call']>, id: string): OutputItem {
  const head = {
    id: `ctc_${id}`,
    type: 'custom_tool_call',
    call_id: `call_${id}`,
    name: call.name,
  }
  return {
    id: head.id,
    opening: { ...head, status: 'in_progress', input: '' },
    filling: [
      ...call.fragments.map((delta) => ({ type: 'response.custom_tool_call_input.delta', delta })),
      { type: 'response.custom_tool_call_input.done', input: call.json },
    ],
    done: { ...head, status: 'completed', input: call.json },
  }
}

function itemEvents(item: OutputItem, index: number): readonly TypedEvent[] {
  return [
    { type: 'response.output_item.added', output_index: index, item: item.opening },
    ...item.filling.map(({ type, ...rest }) => ({
      type,
      item_id: item.id,
      output_index: index,
      ...rest,
    })),
    { type: 'response.output_item.done', output_index: index, item: item.done },
  ]
}
