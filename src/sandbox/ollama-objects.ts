/** Speaks the Ollama surfaces beside chat: embeddings, model lists and the version. */
import type { Answer } from './answer.ts'
import { jsonAnswer } from './answer.ts'
import type { Call } from './call.ts'
import { CREATED_ISO } from './call.ts'
import { embeddingVector } from './embedding-vector.ts'
import { listIn, numberIn, textIn } from './json.ts'
import { MODEL_NAMES } from './model-names.ts'
import { promptTokens } from './tokens.ts'

const DIMENSIONS = 768
const DETAILS = {
  parent_model: '',
  format: 'gguf',
  family: 'sandbox',
  families: ['sandbox'],
  parameter_size: '0B',
  quantization_level: 'none',
}

export function ollamaEmbed(call: Call): Answer {
  const model = textIn(call.json['model'])
  if (model === '') return call.refuse(400, 'model is required')
  const { input } = call.json
  const inputs = typeof input === 'string' ? [input] : listIn(input)
  const dimensions = numberIn(call.json['dimensions'], DIMENSIONS)
  return jsonAnswer({
    model,
    embeddings: inputs.map((text) => Array.from(embeddingVector(textIn(text), dimensions))),
    total_duration: 1,
    load_duration: 1,
    prompt_eval_count: promptTokens(inputs),
  })
}

/** The older call with one prompt. */
export function ollamaEmbeddings(call: Call): Answer {
  const vector = embeddingVector(textIn(call.json['prompt']), DIMENSIONS)
  return jsonAnswer({ embedding: Array.from(vector) })
}

export function ollamaTags(): Answer {
  return jsonAnswer({
    models: MODEL_NAMES.map((name) => ({
      name: `${name}:latest`,
      model: `${name}:latest`,
      modified_at: CREATED_ISO,
      size: 0,
      digest: '0'.repeat(64),
      details: DETAILS,
    })),
  })
}

export function ollamaRunning(): Answer {
  return jsonAnswer({ models: [] })
}

export function ollamaShow(call: Call): Answer {
  if (textIn(call.json['model']) === '' && textIn(call.json['name']) === '') {
    return call.refuse(400, 'model is required')
  }
  return jsonAnswer({
    modelfile: 'FROM sandbox',
    parameters: '',
    template: '{{ .Prompt }}',
    details: DETAILS,
    model_info: { 'general.architecture': 'sandbox' },
    capabilities: ['completion', 'tools', 'thinking'],
    modified_at: CREATED_ISO,
  })
}

export function ollamaVersion(): Answer {
  return jsonAnswer({ version: '0.0.0-sandbox' })
}
