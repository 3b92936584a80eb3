/** Speaks Bedrock invoke and invoke-with-response-stream: Anthropic-shaped bodies, and Titan-shaped embeddings. */
import { anthropicMessage } from './anthropic.ts'
import type { Answer, Piece } from './answer.ts'
import { jsonAnswer } from './answer.ts'
import { eventStreamAnswer } from './bedrock-converse.ts'
import type { Call } from './call.ts'
import { embeddingVector } from './embedding-vector.ts'
import { eventStreamFrame } from './event-stream-frame.ts'
import { numberIn, objectsIn, textIn } from './json.ts'
import { tokensOf } from './tokens.ts'

const DIMENSIONS = 1024

export function bedrockInvoke(call: Call): Answer {
  const titanText = textIn(call.json['inputText'])
  if (titanText !== '') {
    const dimensions = numberIn(call.json['dimensions'], DIMENSIONS)
    return jsonAnswer({
      embedding: Array.from(embeddingVector(titanText, dimensions)),
      inputTextTokenCount: tokensOf(titanText),
    })
  }
  const problem = problemIn(call)
  if (problem !== null) return call.refuse(400, problem)
  const { answer, whole } = anthropicMessage(call, call.params['model'] ?? '')
  const rendered = jsonAnswer(whole, { delayMs: answer.wholeDelayMs })
  return {
    ...rendered,
    headers: {
      ...rendered.headers,
      'x-amzn-bedrock-input-token-count': String(answer.usage.input - answer.usage.cached),
      'x-amzn-bedrock-output-token-count': String(answer.usage.output),
      'x-amzn-bedrock-invocation-latency': '1',
    },
  }
}

export function bedrockInvokeStream(call: Call): Answer {
  const problem = problemIn(call)
  if (problem !== null) return call.refuse(400, problem)
  const { answer, events } = anthropicMessage(call, call.params['model'] ?? '')
  const metrics = {
    inputTokenCount: answer.usage.input - answer.usage.cached,
    outputTokenCount: answer.usage.output,
    invocationLatency: 1,
    firstByteLatency: 1,
  }
  const pieces = events
    .filter((event) => event.type !== 'ping')
    .map((event): Piece => {
      const isLast = event.type === 'message_stop'
      const inner = isLast ? { ...event, 'amazon-bedrock-invocationMetrics': metrics } : event
      const bytes = Buffer.from(JSON.stringify(inner)).toString('base64')
      return {
        bytes: eventStreamFrame('chunk', { bytes }),
        paced: event.type === 'content_block_delta',
      }
    })
  const streamed = eventStreamAnswer(pieces, answer.intervalMs)
  const headers = { ...streamed.headers, 'x-amzn-bedrock-content-type': 'application/json' }
  return { ...streamed, headers }
}

function problemIn(call: Call): string | null {
  if (textIn(call.json['anthropic_version']) === '') return 'anthropic_version: Field required'
  return objectsIn(call.json['messages']).length === 0 ? 'messages: Field required' : null
}
