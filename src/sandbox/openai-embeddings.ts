/** Speaks OpenAI embeddings, as floats and as base64. */
import type { Answer } from './answer.ts'
import { jsonAnswer } from './answer.ts'
import type { Call } from './call.ts'
import { base64Of, embeddingVector } from './embedding-vector.ts'
import { numberIn, textIn } from './json.ts'
import { promptTokens } from './tokens.ts'

const DIMENSIONS = 1536

export function openaiEmbeddings(call: Call): Answer {
  const { json } = call
  const model = call.params['deployment'] ?? textIn(json['model'])
  if (model === '') return call.refuse(400, 'you must provide a model parameter')
  const inputs = inputsIn(json['input'])
  if (inputs === null) return call.refuse(400, "Missing required parameter: 'input'.")
  const dimensions = numberIn(json['dimensions'], DIMENSIONS)
  const isBase64 = json['encoding_format'] === 'base64'
  const tokens = inputs.reduce((sum, input) => sum + promptTokens(input), 0)
  return jsonAnswer({
    object: 'list',
    data: inputs.map((input, index) => {
      const vector = embeddingVector(input, dimensions)
      return {
        object: 'embedding',
        index,
        embedding: isBase64 ? base64Of(vector) : Array.from(vector),
      }
    }),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  })
}

/** One text for each input; an array of numbers is one input already cut into tokens. */
function inputsIn(input: unknown): readonly string[] | null {
  if (typeof input === 'string') return [input]
  if (!Array.isArray(input) || input.length === 0) return null
  if (typeof input[0] === 'number') return [JSON.stringify(input)]
  return input.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)))
}
