/** Speaks OpenAI's older text completions, streamed and whole. */
import type { Answer } from './answer.ts'
import { jsonAnswer } from './answer.ts'
import type { Call } from './call.ts'
import { CREATED } from './call.ts'
import { listIn, objectIn, textIn } from './json.ts'
import { openaiUsage } from './openai-usage.ts'
import { MIDWAY, openaiError } from './refuse.ts'
import { scriptedAnswer } from './scripted-answer.ts'
import { dataEvent, sseAnswer } from './sse.ts'
import { promptTokens } from './tokens.ts'

export function openaiCompletions(call: Call): Answer {
  const { json } = call
  const model = call.params['deployment'] ?? textIn(json['model'])
  if (model === '') return call.refuse(400, 'you must provide a model parameter')
  const prompts = typeof json['prompt'] === 'string' ? [json['prompt']] : listIn(json['prompt'])
  const answer = scriptedAnswer(
    {
      model,
      userText: textIn(prompts.at(-1)),
      toolResult: null,
      tools: [],
      inputTokens: promptTokens(prompts),
    },
    call.script,
  )
  const head = { id: `cmpl-${call.id}`, object: 'text_completion', created: CREATED, model }
  const choice = (text: string, finish: string | null) => ({
    text,
    index: 0,
    logprobs: null,
    finish_reason: finish,
  })
  const usage = openaiUsage(answer.usage)
  if (json['stream'] !== true) {
    const whole = { ...head, choices: [choice(answer.text, 'stop')], usage }
    return jsonAnswer(whole, { delayMs: answer.wholeDelayMs })
  }
  const withUsage = objectIn(json['stream_options'])['include_usage'] === true
  const pieces = [
    ...answer.textPieces.map((text) => dataEvent({ ...head, choices: [choice(text, null)] }, true)),
    dataEvent({ ...head, choices: [choice('', 'stop')] }),
    ...(withUsage ? [dataEvent({ ...head, choices: [], usage })] : []),
    { bytes: 'data: [DONE]\n\n', paced: false },
  ]
  return sseAnswer({
    pieces,
    intervalMs: answer.intervalMs,
    failure: dataEvent(openaiError(MIDWAY.status, MIDWAY.message)),
  })
}
