/** Speaks Anthropic messages, streamed and whole, and counts their tokens. */
import { createHash } from 'node:crypto'
import type { Answer } from './answer.ts'
import { jsonAnswer } from './answer.ts'
import type { Call } from './call.ts'
import type { JsonObject } from './json.ts'
import { contentText, objectsIn, textIn } from './json.ts'
import { anthropicError, MIDWAY } from './refuse.ts'
import type { Prompt, ScriptedAnswer } from './scripted-answer.ts'
import { scriptedAnswer } from './scripted-answer.ts'
import { sseAnswer, typedEvent } from './sse.ts'
import type { TypedEvent } from './sse.ts'
import { promptTokens } from './tokens.ts'
import type { Usage } from './tokens.ts'

export function anthropicMessages(call: Call): Answer {
  const problem = problemIn(call.json)
  if (problem !== null) return call.refuse(400, problem)
  if (typeof call.json['max_tokens'] !== 'number') {
    return call.refuse(400, 'max_tokens: Field required')
  }
  const model = textIn(call.json['model'])
  const message = anthropicMessage(call, model)
  if (call.json['stream'] !== true) {
    return jsonAnswer(message.whole, { delayMs: message.answer.wholeDelayMs })
  }
  const pieces = message.events.map((event) =>
    typedEvent(event, event.type.endsWith('_delta') && event.type !== 'message_delta'),
  )
  return sseAnswer({
    pieces,
    intervalMs: message.answer.intervalMs,
    isNamed: true,
    failure: typedEvent(anthropicError(529, MIDWAY.message)),
  })
}

export function anthropicCountTokens(call: Call): Answer {
  const problem = problemIn(call.json)
  if (problem !== null) return call.refuse(400, problem)
  return jsonAnswer({ input_tokens: inputTokens(call.json) })
}

function problemIn(json: JsonObject): string | null {
  if (textIn(json['model']) === '') return 'model: Field required'
  return objectsIn(json['messages']).length === 0 ? 'messages: Field required' : null
}

export interface AnthropicMessage {
  readonly answer: ScriptedAnswer
  readonly whole: JsonObject
  readonly events: readonly TypedEvent[]
}

/** The answer to an Anthropic-shaped body, both whole and as stream events; Bedrock wraps the same in its own frames. */
export function anthropicMessage(call: Call, model: string): AnthropicMessage {
  const answer = scriptedAnswer(readPrompt(call.json, model), call.script)
  const usage = anthropicUsage(answer.usage)
  const blocks = blocksOf(answer, call.id)
  const stopReason = answer.call === null ? 'end_turn' : 'tool_use'
  const head = { id: `msg_${call.id}`, type: 'message', role: 'assistant', model }
  return {
    answer,
    whole: {
      ...head,
      content: blocks.map((block) => block.whole),
      stop_reason: stopReason,
      stop_sequence: null,
      usage,
    },
    events: [
      {
        type: 'message_start',
        message: {
          ...head,
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { ...usage, output_tokens: 1, output_tokens_details: { thinking_tokens: 0 } },
        },
      },
      ...blocks.flatMap(blockEvents),
      {
        type: 'message_delta',
        delta: { stop_reason: stopReason, stop_sequence: null },
        usage: {
          input_tokens: usage.input_tokens,
          cache_creation_input_tokens: usage.cache_creation_input_tokens,
          cache_read_input_tokens: usage.cache_read_input_tokens,
          output_tokens: usage.output_tokens,
          output_tokens_details: usage.output_tokens_details,
        },
      },
      { type: 'message_stop' },
    ],
  }
}

function inputTokens(json: JsonObject): number {
  return promptTokens(json['messages'], json['system'], json['tools'])
}

function readPrompt(json: JsonObject, model: string): Prompt {
  const messages = objectsIn(json['messages'])
  const users = messages.filter((message) => message['role'] === 'user')
  const said = users.findLast((message) => contentText(message['content']) !== '')
  const result = objectsIn(messages.at(-1)?.['content']).findLast(
    (block) => block['type'] === 'tool_result',
  )
  return {
    model,
    userText: contentText(said?.['content']),
    toolResult: result === undefined ? null : contentText(result['content']),
    tools: objectsIn(json['tools']).map((tool) => ({
      name: textIn(tool['name']),
      schema: tool['input_schema'],
    })),
    inputTokens: inputTokens(json),
  }
}

/** Anthropic counts cached input apart from `input_tokens`, unlike the others. */
function anthropicUsage(usage: Usage) {
  return {
    input_tokens: usage.input - usage.cached,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: usage.cached,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: usage.output,
    output_tokens_details: { thinking_tokens: usage.reasoning },
    service_tier: 'standard',
  }
}

interface ContentBlock {
  readonly whole: JsonObject
  /** As it opens in a stream, before any delta. */
  readonly opening: JsonObject
  readonly deltas: readonly JsonObject[]
}

function blocksOf(answer: ScriptedAnswer, id: string): readonly ContentBlock[] {
  const blocks: ContentBlock[] = []
  if (answer.reasoning !== '') {
    const signature = createHash('sha256').update(answer.reasoning).digest('base64')
    blocks.push({
      whole: { type: 'thinking', thinking: answer.reasoning, signature },
      opening: { type: 'thinking', thinking: '', signature: '' },
      deltas: [
        ...answer.reasoningPieces.map((thinking) => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature },
      ],
    })
  }
  if (answer.call === null || answer.text !== '') {
    blocks.push({
      whole: { type: 'text', text: answer.text },
      opening: { type: 'text', text: '' },
      deltas: answer.textPieces.map((text) => ({ type: 'text_delta', text })),
    })
  }
  if (answer.call !== null) {
    const { name, input, fragments } = answer.call
    const head = { type: 'tool_use', id: `toolu_${id}`, name }
    blocks.push({
      whole: { ...head, input },
      opening: { ...head, input: {} },
      deltas: ['', ...fragments].map((json) => ({ type: 'input_json_delta', partial_json: json })),
    })
  }
  return blocks
}

function blockEvents(block: ContentBlock, index: number): readonly TypedEvent[] {
  return [
    { type: 'content_block_start', index, content_block: block.opening },
    ...(index === 0 ? [{ type: 'ping' }] : []),
    ...block.deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ]
}
