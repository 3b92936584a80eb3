/** Speaks Ollama chat and generate, whole and as lines of JSON. */
import type { Answer, Piece } from './answer.ts'
import { jsonAnswer } from './answer.ts'
import type { Call } from './call.ts'
import { CREATED_ISO } from './call.ts'
import type { JsonObject } from './json.ts'
import { contentText, objectIn, objectsIn, textIn } from './json.ts'
import { MIDWAY } from './refuse.ts'
import type { Prompt, ScriptedAnswer } from './scripted-answer.ts'
import { scriptedAnswer } from './scripted-answer.ts'
import { promptTokens } from './tokens.ts'

const DURATION_NS = 1_000_000
const FAILURE = Buffer.from(`${JSON.stringify({ error: MIDWAY.message })}\n`)
const GARBAGE = Buffer.from('{"sandbox":"malformed\n')

export function ollamaChat(call: Call): Answer {
  const { json } = call
  const model = textIn(json['model'])
  if (model === '') return call.refuse(400, 'model is required')
  const answer = scriptedAnswer(readChat(json, model), call.script)
  const { call: tool } = answer
  const toolCalls =
    tool === null
      ? {}
      : { tool_calls: [{ function: { index: 0, name: tool.name, arguments: tool.input } }] }
  const message = (fields: JsonObject) => ({ message: { role: 'assistant', ...fields } })
  const thinking = answer.reasoning === '' ? {} : { thinking: answer.reasoning }
  return linesOrWhole(call, answer, {
    whole: message({ content: answer.text, ...thinking, ...toolCalls }),
    parts: [
      ...answer.reasoningPieces.map((text) => message({ content: '', thinking: text })),
      ...answer.textPieces.map((text) => message({ content: text })),
      ...(tool === null ? [] : [message({ content: '', ...toolCalls })]),
    ],
    last: message({ content: '' }),
  })
}

export function ollamaGenerate(call: Call): Answer {
  const { json } = call
  const model = textIn(json['model'])
  if (model === '') return call.refuse(400, 'model is required')
  const answer = scriptedAnswer(
    {
      model,
      userText: textIn(json['prompt']),
      toolResult: null,
      tools: [],
      inputTokens: promptTokens(json['prompt'], json['system']),
    },
    call.script,
  )
  const thinking = answer.reasoning === '' ? {} : { thinking: answer.reasoning }
  return linesOrWhole(call, answer, {
    whole: { response: answer.text, ...thinking, context: [] },
    parts: [
      ...answer.reasoningPieces.map((text) => ({ response: '', thinking: text })),
      ...answer.textPieces.map((text) => ({ response: text })),
    ],
    last: { response: '', context: [] },
  })
}

function readChat(json: JsonObject, model: string): Prompt {
  const messages = objectsIn(json['messages'])
  const user = messages.findLast((message) => message['role'] === 'user')
  const last = messages.at(-1)
  return {
    model,
    userText: contentText(user?.['content']),
    toolResult: last?.['role'] === 'tool' ? contentText(last['content']) : null,
    tools: objectsIn(json['tools']).map((tool) => {
      const offer = objectIn(tool['function'])
      return { name: textIn(offer['name']), schema: offer['parameters'] }
    }),
    inputTokens: promptTokens(messages, json['tools']),
  }
}

interface OllamaParts {
  readonly whole: JsonObject
  readonly parts: readonly JsonObject[]
  readonly last: JsonObject
}

function linesOrWhole(
  call: Call,
  answer: ScriptedAnswer,
  { whole, parts, last }: OllamaParts,
): Answer {
  const head = { model: call.json['model'], created_at: CREATED_ISO }
  const tail = {
    done: true,
    done_reason: 'stop',
    total_duration: 3 * DURATION_NS,
    load_duration: DURATION_NS,
    prompt_eval_count: answer.usage.input,
    prompt_eval_duration: DURATION_NS,
    eval_count: answer.usage.output,
    eval_duration: DURATION_NS,
  }
  // Unlike everywhere else, streaming is what Ollama does unless it is told not to.
  if (call.json['stream'] === false) {
    return jsonAnswer({ ...head, ...whole, ...tail }, { delayMs: answer.wholeDelayMs })
  }
  const line = (value: JsonObject, paced: boolean): Piece => ({
    bytes: `${JSON.stringify(value)}\n`,
    paced,
  })
  return {
    kind: 'stream',
    status: 200,
    headers: { 'content-type': 'application/x-ndjson' },
    pieces: [
      ...parts.map((part) => line({ ...head, ...part, done: false }, true)),
      line({ ...head, ...last, ...tail }, false),
    ],
    intervalMs: answer.intervalMs,
    garbage: GARBAGE,
    failure: FAILURE,
  }
}
