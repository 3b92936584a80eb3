/** Speaks the OpenAI surfaces without a prompt: models, files, batches; and moderations, which judge nothing. */
import type { Answer } from './answer.ts'
import { bytesAnswer, jsonAnswer } from './answer.ts'
import type { Call } from './call.ts'
import { CREATED } from './call.ts'
import { formField, formFileName } from './form-field.ts'
import { textIn } from './json.ts'
import { MODEL_NAMES } from './model-names.ts'

const page = (data: readonly { readonly id: string }[]) => ({
  object: 'list',
  data,
  first_id: data[0]?.id ?? null,
  last_id: data.at(-1)?.id ?? null,
  has_more: false,
})

const modelObject = (id: string) => ({
  id,
  object: 'model',
  created: CREATED,
  owned_by: 'custody-sandbox',
})

export function openaiModels(): Answer {
  return jsonAnswer({ object: 'list', data: MODEL_NAMES.map(modelObject) })
}

export function openaiModel(call: Call): Answer {
  return jsonAnswer(modelObject(call.params['model'] ?? ''))
}

const fileObject = (id: string, bytes = 0, filename = 'sandbox.jsonl', purpose = 'batch') => ({
  id,
  object: 'file',
  bytes,
  created_at: CREATED,
  filename,
  purpose,
  status: 'processed',
})

export function openaiFileUpload(call: Call): Answer {
  const purpose = formField(call.body, 'purpose')
  if (purpose === null) return call.refuse(400, "Missing required parameter: 'purpose'.")
  const name = formFileName(call.body) ?? 'file'
  return jsonAnswer(fileObject(`file-${call.id}`, call.body.length, name, purpose))
}

export function openaiFiles(): Answer {
  return jsonAnswer(page([fileObject('file-sandbox')]))
}

export function openaiFile(call: Call): Answer {
  return jsonAnswer(fileObject(call.params['file'] ?? ''))
}

export function openaiFileContent(): Answer {
  return bytesAnswer('application/octet-stream', Buffer.from('{"custom_id":"sandbox"}\n'))
}

export function openaiFileDeletion(call: Call): Answer {
  return jsonAnswer({ id: call.params['file'], object: 'file', deleted: true })
}

const batchObject = (id: string, status = 'completed', endpoint = '/v1/chat/completions') => ({
  id,
  object: 'batch',
  endpoint,
  errors: null,
  input_file_id: 'file-sandbox',
  completion_window: '24h',
  status,
  output_file_id: status === 'completed' ? 'file-sandbox' : null,
  error_file_id: null,
  created_at: CREATED,
  expires_at: CREATED + 86_400,
  request_counts: { total: 1, completed: status === 'completed' ? 1 : 0, failed: 0 },
  metadata: null,
})

export function openaiBatchCreation(call: Call): Answer {
  const file = textIn(call.json['input_file_id'])
  if (file === '') return call.refuse(400, "Missing required parameter: 'input_file_id'.")
  const batch = batchObject(`batch_${call.id}`, 'validating', textIn(call.json['endpoint']))
  return jsonAnswer({ ...batch, input_file_id: file })
}

export function openaiBatches(): Answer {
  return jsonAnswer(page([batchObject('batch_sandbox')]))
}

export function openaiBatch(call: Call): Answer {
  return jsonAnswer(batchObject(call.params['batch'] ?? ''))
}

export function openaiBatchCancellation(call: Call): Answer {
  return jsonAnswer(batchObject(call.params['batch'] ?? '', 'cancelling'))
}

const MODERATION_CATEGORIES = [
  'harassment',
  'harassment/threatening',
  'hate',
  'hate/threatening',
  'illicit',
  'illicit/violent',
  'self-harm',
  'self-harm/instructions',
  'self-harm/intent',
  'sexual',
  'sexual/minors',
  'violence',
  'violence/graphic',
] as const

const everyCategory = (value: unknown) =>
  Object.fromEntries(MODERATION_CATEGORIES.map((category) => [category, value]))

export function openaiModerations(call: Call): Answer {
  const { input } = call.json
  if (input === undefined) return call.refuse(400, "Missing required parameter: 'input'.")
  const result = {
    flagged: false,
    categories: everyCategory(false),
    category_scores: everyCategory(0.0001),
    category_applied_input_types: everyCategory(['text']),
  }
  const texts = Array.isArray(input) && input.every((item) => typeof item === 'string')
  return jsonAnswer({
    id: `modr-${call.id}`,
    model: textIn(call.json['model']) || 'sandbox',
    results: texts ? input.map(() => result) : [result],
  })
}
