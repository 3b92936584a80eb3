import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { Surface } from '../../model/dialect.ts'
import { claims, recognise } from './paths.ts'

const at = (call: string): Surface | null => {
  const [method = '', target = ''] = call.split(' ')
  const question = target.indexOf('?')
  const path = question < 0 ? target : target.slice(0, question)
  return recognise({ method, path, query: question < 0 ? '' : target.slice(question) })
}

/** Call, surface, kind, whether the body is read, path sent upstream. */
const KNOWN: readonly (readonly [string, string, string, boolean, string])[] = [
  [
    'POST /v1/chat/completions',
    'openai.chat-completions',
    'generate',
    true,
    '/v1/chat/completions',
  ],
  ['POST /chat/completions', 'openai.chat-completions', 'generate', true, '/v1/chat/completions'],
  [
    'POST /chat/completions?beta=true',
    'openai.chat-completions',
    'generate',
    true,
    '/v1/chat/completions?beta=true',
  ],
  [
    'GET /v1/chat/completions',
    'openai.chat-completions-stored',
    'manage',
    false,
    '/v1/chat/completions',
  ],
  [
    'GET /v1/chat/completions/chatcmpl-1/messages',
    'openai.chat-completions-stored',
    'manage',
    false,
    '/v1/chat/completions/chatcmpl-1/messages',
  ],
  [
    'DELETE /v1/chat/completions/chatcmpl-1',
    'openai.chat-completions-stored',
    'manage',
    false,
    '/v1/chat/completions/chatcmpl-1',
  ],
  ['POST /v1/responses', 'openai.responses', 'generate', true, '/v1/responses'],
  ['POST /responses', 'openai.responses', 'generate', true, '/v1/responses'],
  [
    'POST /responses/compact',
    'openai.responses-compact',
    'generate',
    true,
    '/v1/responses/compact',
  ],
  [
    'POST /v1/responses/input_tokens',
    'openai.responses-input-tokens',
    'count',
    true,
    '/v1/responses/input_tokens',
  ],
  [
    'GET /v1/responses/resp_1?stream=true',
    'openai.responses-stored',
    'manage',
    false,
    '/v1/responses/resp_1?stream=true',
  ],
  ['DELETE /responses/resp_1', 'openai.responses-stored', 'manage', false, '/v1/responses/resp_1'],
  [
    'POST /v1/responses/resp_1/cancel',
    'openai.responses-stored',
    'manage',
    false,
    '/v1/responses/resp_1/cancel',
  ],
  [
    'GET /v1/responses/resp_1/input_items',
    'openai.responses-stored',
    'manage',
    false,
    '/v1/responses/resp_1/input_items',
  ],
  ['POST /v1/completions', 'openai.completions', 'generate', true, '/v1/completions'],
  ['POST /decisions', 'openai.decisions', 'generate', true, '/v1/decisions'],
  ['POST /embeddings', 'openai.embeddings', 'embed', true, '/v1/embeddings'],
  ['POST /v1/moderations', 'openai.moderations', 'embed', true, '/v1/moderations'],
  [
    'POST /v1/images/generations',
    'openai.images-generations',
    'generate',
    true,
    '/v1/images/generations',
  ],
  ['POST /images/edits', 'openai.images', 'opaque', false, '/v1/images/edits'],
  ['POST /v1/audio/speech', 'openai.audio-speech', 'generate', true, '/v1/audio/speech'],
  ['POST /v1/audio/transcriptions', 'openai.audio', 'opaque', false, '/v1/audio/transcriptions'],
  ['GET /models', 'openai.models', 'manage', false, '/v1/models'],
  [
    'GET /models/meta-llama%2FLlama-3',
    'openai.models',
    'manage',
    false,
    '/v1/models/meta-llama%2FLlama-3',
  ],
  ['GET /v1/models/gpt-5', 'openai.models', 'manage', false, '/v1/models/gpt-5'],
  [
    'DELETE /v1/models/ft:gpt-5:acme::1',
    'openai.models',
    'manage',
    false,
    '/v1/models/ft:gpt-5:acme::1',
  ],
  ['POST /files', 'openai.files', 'opaque', false, '/v1/files'],
  ['GET /v1/files/file-1/content', 'openai.files', 'opaque', false, '/v1/files/file-1/content'],
  [
    'POST /v1/uploads/upload_1/parts',
    'openai.uploads',
    'opaque',
    false,
    '/v1/uploads/upload_1/parts',
  ],
  ['POST /v1/batches', 'openai.batches', 'manage', false, '/v1/batches'],
  ['POST /v1/fine_tuning/jobs', 'openai.fine-tuning', 'manage', false, '/v1/fine_tuning/jobs'],
  [
    'POST /v1/vector_stores/vs_1/search',
    'openai.vector-stores',
    'manage',
    false,
    '/v1/vector_stores/vs_1/search',
  ],
  ['POST /v1/threads/runs', 'openai.threads', 'opaque', false, '/v1/threads/runs'],
  ['POST /v1/assistants', 'openai.assistants', 'opaque', false, '/v1/assistants'],
  ['POST /v1/conversations', 'openai.conversations', 'opaque', false, '/v1/conversations'],
  [
    'POST /openai/deployments/gpt%2D5/chat/completions?api-version=2026-01-01',
    'azure.chat-completions',
    'generate',
    true,
    '/openai/deployments/gpt%2D5/chat/completions?api-version=2026-01-01',
  ],
  [
    'POST /deployments/gpt-5/embeddings',
    'azure.embeddings',
    'embed',
    true,
    '/deployments/gpt-5/embeddings',
  ],
  [
    'POST /openai/deployments/w/audio/transcriptions',
    'azure.audio',
    'opaque',
    false,
    '/openai/deployments/w/audio/transcriptions',
  ],
  [
    'POST /openai/v1/responses?api-version=preview',
    'azure.responses',
    'generate',
    true,
    '/openai/v1/responses?api-version=preview',
  ],
  ['POST /openai/responses', 'azure.responses', 'generate', true, '/openai/responses'],
  ['GET /openai/models', 'azure.models', 'manage', false, '/openai/models'],
  [
    'POST /openai/deployments/gpt-5/extensions/chat/completions',
    'azure.other',
    'opaque',
    false,
    '/openai/deployments/gpt-5/extensions/chat/completions',
  ],
]

const OTHER: readonly string[] = [
  'PUT /v1/chat/completions',
  'POST /v1/chat',
  'POST /v1/chat/completion',
  'GET /v1/responses',
  'GET /v1/embeddings',
  'POST /v1/models',
  'POST /v1/models/gemini-2:generateContent',
  'GET /health',
  'POST /tokenize',
  'GET /',
  'GET /v1',
  'POST /v2/chat/completions',
  'POST /v1/v1/chat/completions',
  'POST /v1/messages',
  'POST /v1/deployments/gpt-5/chat/completions',
  'POST /api/chat',
]

const REFUSED: readonly string[] = [
  '',
  'v1/chat/completions',
  '*',
  '/v1/../v1/chat/completions',
  '/v1/./chat/completions',
  '/v1/%2e%2e/chat',
  '/v1/%2E/chat',
  '/openai/deployments/a%2Fchat/completions',
  '/deployments/a/chat%2fcompletions',
  '/v1/models/a%2f..%2fb',
  '/v1/chat%5ccompletions',
  '/v1\\chat/completions',
  '/v1/chat/completions%00',
  '/v1/chat%250acompletions',
  '/v1/chat/compl%zz',
  '/v1/chat/compl%',
  '/v1/chat/%ff',
  '/v1/chat/completions%0d',
  '/v1/%7f',
  '/v1/..;/chat/completions',
]

test('every known call names its surface and its path upstream', () => {
  for (const [call, name, kind, readsBody, upstreamPath] of KNOWN) {
    const surface = at(call)
    assert.deepEqual(
      [surface?.name, surface?.kind, surface?.readsBody, surface?.upstreamPath],
      [name, kind, readsBody, upstreamPath],
      call,
    )
    assert.equal(surface?.dialect, 'openai')
    assert.equal(surface?.streamInPath, null)
  }
})

test('any other path and method is opaque and goes on as it came', () => {
  for (const call of OTHER) {
    const surface = at(call)
    assert.equal(surface?.name, 'openai.other', call)
    assert.equal(surface?.kind, 'opaque')
    assert.equal(surface?.readsBody, false)
    assert.equal(surface?.upstreamPath, call.split(' ')[1])
  }
})

test('no spelling of a path that reads a prompt passes as an unknown one', () => {
  const spellings = [
    '/v1/chat/completions/',
    '//v1//chat/completions',
    '/v1/chat%2fcompletions',
    '/v1%2Fchat%2Fcompletions%2F',
    '/v1/%63hat/completions',
    '/%76%31/chat/completions',
    '/v1/chat/completions;x=1',
    '/v1;a/chat;b/completions',
    '/V1/Chat/COMPLETIONS',
    '/%63hat/completions/',
  ]
  for (const path of spellings) {
    assert.equal(
      recognise({ method: 'POST', path, query: '' })?.name,
      'openai.chat-completions',
      path,
    )
  }
})

test('paths that servers read in different ways have no surface', () => {
  for (const path of REFUSED) {
    assert.equal(recognise({ method: 'POST', path, query: '' }), null, path)
    assert.equal(claims({ method: 'POST', path, query: '' }), false, path)
  }
})

test('the deployment in an Azure path is the model', () => {
  assert.equal(at('POST /openai/deployments/my%20Model/chat/completions')?.modelInPath, 'my Model')
  assert.equal(at('POST /openai/v1/chat/completions')?.modelInPath, null)
  assert.equal(at('POST /openai/deployments')?.modelInPath, null)
  assert.equal(at('POST /v1/chat/completions')?.modelInPath, null)
})

test('without a prefix the dialect claims its own paths and leaves those of others', () => {
  const claimed = (call: string): boolean => {
    const [method = '', path = ''] = call.split(' ')
    return claims({ method, path, query: '' })
  }
  for (const call of [
    'POST /v1/chat/completions',
    'POST /chat/completions',
    'POST /v1/responses',
    'GET /v1/responses/resp_1',
    'POST /v1/completions',
    'POST /v1/embeddings',
    'GET /v1/models',
    'GET /v1/models/gpt-5',
    'POST /v1/images/edits',
    'POST /v1/audio/speech',
    'POST /v1/files',
    'POST /v1/batches',
    'POST /v1/moderations',
    'POST /openai/deployments/d/chat/completions',
    'POST /openai/deployments/d/anything',
    'POST /openai/v1/responses',
  ]) {
    assert.equal(claimed(call), true, call)
  }
  for (const call of [
    'POST /v1/messages',
    'POST /v1/messages/count_tokens',
    'POST /v1/messages/batches',
    'POST /v1/models/gemini-2:generateContent',
    'POST /v1beta/models/gemini-2:generateContent',
    'POST /model/m/converse',
    'POST /api/chat',
    'GET /models',
    'GET /files',
    'GET /',
    'GET /healthz',
    'POST /v1/complete',
  ]) {
    assert.equal(claimed(call), false, call)
  }
})
