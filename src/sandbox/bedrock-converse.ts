/** Speaks Bedrock converse and converse-stream, the latter in binary event stream frames. */
import { createHash } from 'node:crypto'
import type { Answer, Piece } from './answer.ts'
import { jsonAnswer } from './answer.ts'
import type { Call } from './call.ts'
import {
  brokenEventStreamFrame,
  eventStreamException,
  eventStreamFrame,
} from './event-stream-frame.ts'
import type { JsonObject } from './json.ts'
import { contentText, objectIn, objectsIn, textIn } from './json.ts'
import { MIDWAY } from './refuse.ts'
import type { Prompt, ScriptedAnswer } from './scripted-answer.ts'
import { scriptedAnswer } from './scripted-answer.ts'
import { promptTokens } from './tokens.ts'

const LATENCY_MS = 1

export function bedrockConverse(call: Call): Answer {
  const answer = converseAnswer(call)
  if (answer === null) return withoutMessages(call)
  return jsonAnswer(
    {
      metrics: { latencyMs: LATENCY_MS },
      output: {
        message: {
          content: blocksOf(answer, call.id).map((block) => block.whole),
          role: 'assistant',
        },
      },
      stopReason: stopReason(answer),
      usage: usageOf(answer),
    },
    { delayMs: answer.wholeDelayMs },
  )
}

export function bedrockConverseStream(call: Call): Answer {
  const answer = converseAnswer(call)
  if (answer === null) return withoutMessages(call)
  const blocks = blocksOf(answer, call.id)
  const pieces = [
    event('messageStart', { role: 'assistant' }),
    ...blocks.flatMap(blockEvents),
    event('messageStop', { stopReason: stopReason(answer) }),
    event('metadata', { metrics: { latencyMs: LATENCY_MS }, usage: usageOf(answer) }),
  ]
  return eventStreamAnswer(pieces, answer.intervalMs)
}

export function eventStreamAnswer(pieces: readonly Piece[], intervalMs: number): Answer {
  return {
    kind: 'stream',
    status: 200,
    headers: { 'content-type': 'application/vnd.amazon.eventstream' },
    pieces,
    intervalMs,
    garbage: brokenEventStreamFrame(),
    failure: eventStreamException('serviceUnavailableException', MIDWAY.message),
  }
}

function event(type: string, payload: JsonObject, paced = false): Piece {
  return { bytes: eventStreamFrame(type, payload), paced }
}

function withoutMessages(call: Call): Answer {
  return call.refuse(400, 'A conversation must start with a user message.')
}

/** Null when there is no message to answer. */
function converseAnswer(call: Call): ScriptedAnswer | null {
  if (objectsIn(call.json['messages']).length === 0) return null
  return scriptedAnswer(readPrompt(call.json, call.params['model'] ?? ''), call.script)
}

function readPrompt(json: JsonObject, model: string): Prompt {
  const messages = objectsIn(json['messages'])
  const said = messages.findLast(
    (message) => message['role'] === 'user' && contentText(message['content']) !== '',
  )
  const result = objectsIn(messages.at(-1)?.['content'])
    .map((block) => block['toolResult'])
    .findLast((block) => block !== undefined)
  const specifications = objectsIn(objectIn(json['toolConfig'])['tools']).map((tool) =>
    objectIn(tool['toolSpec']),
  )
  return {
    model,
    userText: contentText(said?.['content']),
    toolResult: result === undefined ? null : resultText(objectIn(result)['content']),
    tools: specifications.map((tool) => ({
      name: textIn(tool['name']),
      schema: objectIn(tool['inputSchema'])['json'],
    })),
    inputTokens: promptTokens(messages, json['system'], json['toolConfig']),
  }
}

function resultText(content: unknown): string {
  return objectsIn(content)
    .map((part) => textIn(part['text']) || JSON.stringify(part['json'] ?? ''))
    .join('\n')
}

function stopReason(answer: ScriptedAnswer): string {
  return answer.call === null ? 'end_turn' : 'tool_use'
}

/** Like Anthropic, Bedrock counts cached input apart from `inputTokens`. */
function usageOf({ usage }: ScriptedAnswer): JsonObject {
  return {
    inputTokens: usage.input - usage.cached,
    outputTokens: usage.output,
    totalTokens: usage.input + usage.output,
    cacheReadInputTokens: usage.cached,
    cacheWriteInputTokens: 0,
  }
}

interface ConverseBlock {
  readonly whole: JsonObject
  /** Null for text and reasoning, which Bedrock starts without an opening event. */
  readonly start: JsonObject | null
  readonly deltas: readonly JsonObject[]
}

function blocksOf(answer: ScriptedAnswer, id: string): readonly ConverseBlock[] {
  const blocks: ConverseBlock[] = []
  if (answer.reasoning !== '') {
    const signature = createHash('sha256').update(answer.reasoning).digest('base64')
    blocks.push({
      whole: { reasoningContent: { reasoningText: { text: answer.reasoning, signature } } },
      start: null,
      deltas: [
        ...answer.reasoningPieces.map((text) => ({ reasoningContent: { text } })),
        { reasoningContent: { signature } },
      ],
    })
  }
  if (answer.call === null) {
    const deltas = answer.textPieces.map((text) => ({ text }))
    blocks.push({ whole: { text: answer.text }, start: null, deltas })
  } else {
    const { name, input, fragments } = answer.call
    const head = { toolUseId: `tooluse_${id}`, name }
    blocks.push({
      whole: { toolUse: { ...head, input } },
      start: { toolUse: head },
      deltas: fragments.map((fragment) => ({ toolUse: { input: fragment } })),
    })
  }
  return blocks
}

function blockEvents(block: ConverseBlock, contentBlockIndex: number): readonly Piece[] {
  const { start, deltas } = block
  return [
    ...(start === null ? [] : [event('contentBlockStart', { contentBlockIndex, start })]),
    ...deltas.map((delta) => event('contentBlockDelta', { contentBlockIndex, delta }, true)),
    event('contentBlockStop', { contentBlockIndex }),
  ]
}
