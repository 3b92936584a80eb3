/** Speaks the Gemini surfaces that answer with numbers or names: countTokens, embeddings and models. */
import type { Answer } from './answer.ts'
import { jsonAnswer } from './answer.ts'
import type { Call } from './call.ts'
import { embeddingVector } from './embedding-vector.ts'
import { geminiPromptTokens } from './gemini.ts'
import type { JsonObject } from './json.ts'
import { contentText, isObject, numberIn, objectIn, objectsIn, textIn } from './json.ts'
import { MODEL_NAMES } from './model-names.ts'
import { tokensOf } from './tokens.ts'

const DIMENSIONS = 768

export function geminiCountTokens(call: Call): Answer {
  const wrapped = call.json['generateContentRequest']
  const request = isObject(wrapped) ? wrapped : call.json
  if (objectsIn(request['contents']).length === 0) {
    return call.refuse(400, '* CountTokensRequest.contents: contents is not specified')
  }
  const tokens = geminiPromptTokens(request)
  return jsonAnswer({
    totalTokens: tokens,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: tokens }],
  })
}

export function geminiEmbed(call: Call): Answer {
  return jsonAnswer({ embedding: embeddingOf(call.json) })
}

export function geminiBatchEmbed(call: Call): Answer {
  return jsonAnswer({ embeddings: objectsIn(call.json['requests']).map(embeddingOf) })
}

function embeddingOf(request: JsonObject) {
  const text = contentText(objectIn(request['content'])['parts'])
  const config = objectIn(request['embedContentConfig'])
  const dimensions = request['outputDimensionality'] ?? config['outputDimensionality']
  return { values: Array.from(embeddingVector(text, numberIn(dimensions, DIMENSIONS))) }
}

/** Vertex embeddings: one prediction for each instance. */
export function vertexPredict(call: Call): Answer {
  const parameters = objectIn(call.json['parameters'])
  const dimensions = numberIn(parameters['outputDimensionality'], DIMENSIONS)
  return jsonAnswer({
    predictions: objectsIn(call.json['instances']).map((instance) => {
      const text = textIn(instance['content'])
      const statistics = { token_count: tokensOf(text), truncated: false }
      return {
        embeddings: { values: Array.from(embeddingVector(text, dimensions)), statistics },
      }
    }),
  })
}

const modelObject = (name: string) => ({
  name: `models/${name}`,
  version: '1',
  displayName: `Custody sandbox: ${name}`,
  inputTokenLimit: 1_000_000,
  outputTokenLimit: 1_000_000,
  supportedGenerationMethods: ['generateContent', 'countTokens', 'embedContent'],
})

export function geminiModels(): Answer {
  return jsonAnswer({ models: MODEL_NAMES.map(modelObject) })
}

export function geminiModel(call: Call): Answer {
  return jsonAnswer(modelObject(call.params['model'] ?? ''))
}
