/** Speaks OpenAI chat completions, streamed and whole. */
import type { Answer, Piece } from './answer.ts'
import { jsonAnswer } from './answer.ts'
import type { Call } from './call.ts'
import { CREATED } from './call.ts'
import type { JsonObject } from './json.ts'
import { contentText, numberIn, objectIn, objectsIn, textIn } from './json.ts'
import { openaiUsage } from './openai-usage.ts'
import { MIDWAY, openaiError } from './refuse.ts'
import type { Prompt, ScriptedAnswer } from './scripted-answer.ts'
import { scriptedAnswer } from './scripted-answer.ts'
import { dataEvent, sseAnswer } from './sse.ts'
import { promptTokens } from './tokens.ts'

const CHOICES_MAX = 16

export function openaiChat(call: Call): Answer {
  const { json } = call
  // On Azure the deployment in the path is the model.
  const model = call.params['deployment'] ?? textIn(json['model'])
  if (model === '') return call.refuse(400, 'you must provide a model parameter')
  if (objectsIn(json['messages']).length === 0) {
    return call.refuse(400, "Missing required parameter: 'messages'.")
  }
  const answer = scriptedAnswer(readPrompt(json, model), call.script)
  const choices = Math.min(CHOICES_MAX, Math.max(1, Math.trunc(numberIn(json['n'], 1))))
  const id = `chatcmpl-${call.id}`
  if (json['stream'] !== true) return whole(answer, { id, model, choices })
  const withUsage = objectIn(json['stream_options'])['include_usage'] === true
  return streamed(answer, { id, model, choices }, withUsage)
}

function readPrompt(json: JsonObject, model: string): Prompt {
  const messages = objectsIn(json['messages'])
  const last = messages.at(-1)
  const user = messages.findLast((message) => message['role'] === 'user')
  const fromTool = last?.['role'] === 'tool' || last?.['role'] === 'function'
  const tools = objectsIn(json['tools']).map((tool) => objectIn(tool['function'] ?? tool['custom']))
  return {
    model,
    userText: contentText(user?.['content']),
    toolResult: fromTool ? contentText(last['content']) : null,
    tools: [...tools, ...objectsIn(json['functions'])].map((tool) => ({
      name: textIn(tool['name']),
      schema: tool['parameters'],
    })),
    inputTokens: promptTokens(json['messages'], json['tools'], json['functions']),
  }
}

interface Frame {
  readonly id: string
  readonly model: string
  readonly choices: number
}

function finishReason(answer: ScriptedAnswer): string {
  return answer.call === null ? 'stop' : 'tool_calls'
}

function callId(id: string, index: number): string {
  return `call_${id.slice('chatcmpl-'.length)}_${index}`
}

function whole(answer: ScriptedAnswer, { id, model, choices }: Frame): Answer {
  const choice = (index: number) => ({
    index,
    message: {
      role: 'assistant',
      content: answer.call === null ? answer.text : null,
      ...(answer.reasoning === '' ? {} : { reasoning_content: answer.reasoning }),
      refusal: null,
      annotations: [],
      ...(answer.call === null
        ? {}
        : {
            tool_calls: [
              {
                id: callId(id, index),
                type: 'function',
                function: { name: answer.call.name, arguments: answer.call.json },
              },
            ],
          }),
    },
    logprobs: null,
    finish_reason: finishReason(answer),
  })
  return jsonAnswer(
    {
      id,
      object: 'chat.completion',
      created: CREATED,
      model,
      choices: Array.from({ length: choices }, (_, index) => choice(index)),
      usage: openaiUsage(answer.usage, choices),
      service_tier: 'default',
      system_fingerprint: 'fp_sandbox',
    },
    { delayMs: answer.wholeDelayMs },
  )
}

function streamed(answer: ScriptedAnswer, frame: Frame, withUsage: boolean): Answer {
  const { id, model, choices } = frame
  const head = {
    id,
    object: 'chat.completion.chunk',
    created: CREATED,
    model,
    service_tier: 'default',
    system_fingerprint: 'fp_sandbox',
  }
  const usage = withUsage ? { usage: null } : {}
  const pieces: Piece[] = []
  const toEveryChoice = (
    delta: (index: number) => unknown,
    finish: string | null,
    paced = false,
  ) => {
    for (let index = 0; index < choices; index += 1) {
      const choice = { index, delta: delta(index), logprobs: null, finish_reason: finish }
      pieces.push(dataEvent({ ...head, choices: [choice], ...usage }, paced && index === 0))
    }
  }
  const content = answer.call === null ? '' : null
  toEveryChoice(() => ({ role: 'assistant', content, refusal: null }), null)
  for (const text of answer.reasoningPieces) {
    toEveryChoice(() => ({ reasoning_content: text }), null, true)
  }
  for (const text of answer.textPieces) toEveryChoice(() => ({ content: text }), null, true)
  const { call } = answer
  if (call !== null) {
    const opening = { name: call.name, arguments: '' }
    toEveryChoice(
      (index) => ({
        tool_calls: [{ index: 0, id: callId(id, index), type: 'function', function: opening }],
      }),
      null,
    )
    for (const fragment of call.fragments) {
      const delta = { tool_calls: [{ index: 0, function: { arguments: fragment } }] }
      toEveryChoice(() => delta, null, true)
    }
  }
  toEveryChoice(() => ({}), finishReason(answer))
  if (withUsage) {
    pieces.push(dataEvent({ ...head, choices: [], usage: openaiUsage(answer.usage, choices) }))
  }
  pieces.push({ bytes: 'data: [DONE]\n\n', paced: false })
  return sseAnswer({
    pieces,
    intervalMs: answer.intervalMs,
    failure: dataEvent(openaiError(MIDWAY.status, MIDWAY.message)),
  })
}
