/** Speaks the Anthropic surfaces without a prompt of their own: models and message batches. */
import type { Answer } from './answer.ts'
import { bytesAnswer, jsonAnswer } from './answer.ts'
import type { Call } from './call.ts'
import { CREATED_ISO } from './call.ts'
import { objectsIn } from './json.ts'
import { MODEL_NAMES } from './model-names.ts'

const page = (data: readonly { readonly id: string }[]) => ({
  data,
  has_more: false,
  first_id: data[0]?.id ?? null,
  last_id: data.at(-1)?.id ?? null,
})

const modelObject = (id: string) => ({
  type: 'model',
  id,
  display_name: `Custody sandbox: ${id}`,
  created_at: CREATED_ISO,
  capabilities: null,
  max_input_tokens: null,
  max_tokens: null,
})

export function anthropicModels(): Answer {
  return jsonAnswer(page(MODEL_NAMES.map(modelObject)))
}

export function anthropicModel(call: Call): Answer {
  return jsonAnswer(modelObject(call.params['model'] ?? ''))
}

const batchObject = (id: string, processing: number, succeeded: number) => ({
  id,
  type: 'message_batch',
  processing_status: processing > 0 ? 'in_progress' : 'ended',
  request_counts: { processing, succeeded, errored: 0, canceled: 0, expired: 0 },
  ended_at: processing > 0 ? null : CREATED_ISO,
  created_at: CREATED_ISO,
  expires_at: '2026-01-02T00:00:00Z',
  archived_at: null,
  cancel_initiated_at: null,
  results_url: null,
})

export function anthropicBatchCreation(call: Call): Answer {
  const requests = objectsIn(call.json['requests'])
  if (requests.length === 0) return call.refuse(400, 'requests: Field required')
  return jsonAnswer(batchObject(`msgbatch_${call.id}`, requests.length, 0))
}

export function anthropicBatches(): Answer {
  return jsonAnswer(page([batchObject('msgbatch_sandbox', 0, 1)]))
}

export function anthropicBatch(call: Call): Answer {
  return jsonAnswer(batchObject(call.params['batch'] ?? '', 0, 1))
}

export function anthropicBatchCancellation(call: Call): Answer {
  const batch = batchObject(call.params['batch'] ?? '', 1, 0)
  return jsonAnswer({
    ...batch,
    processing_status: 'canceling',
    cancel_initiated_at: CREATED_ISO,
  })
}

export function anthropicBatchDeletion(call: Call): Answer {
  return jsonAnswer({ id: call.params['batch'], type: 'message_batch_deleted' })
}

export function anthropicBatchResults(): Answer {
  const line = { custom_id: 'sandbox', result: { type: 'expired' } }
  return bytesAnswer('application/x-jsonl', Buffer.from(`${JSON.stringify(line)}\n`))
}
