import { test } from 'node:test'
import assert from 'node:assert/strict'
import { scanJson } from '../../lib/json/scan.ts'
import { ollama } from './index.ts'

const at = (call: string, query = ''): ReturnType<typeof ollama.recognise> => {
  const [method = '', path = ''] = call.split(' ')
  return ollama.recognise({ method, path, query })
}
const claimed = (call: string): boolean => {
  const [method = '', path = ''] = call.split(' ')
  return ollama.claims({ method, path, query: '' })
}

test('every known call names its surface', () => {
  const known: readonly (readonly [string, string, string, boolean])[] = [
    ['POST /api/chat', 'ollama.chat', 'generate', true],
    ['POST /api/generate', 'ollama.generate', 'generate', true],
    ['POST /api/embed', 'ollama.embed', 'embed', true],
    ['POST /api/embeddings', 'ollama.embeddings', 'embed', true],
    ['GET /api/tags', 'ollama.tags', 'manage', false],
    ['POST /api/show', 'ollama.show', 'manage', false],
    ['GET /api/ps', 'ollama.ps', 'manage', false],
    ['GET /api/version', 'ollama.version', 'manage', false],
    ['POST /api/pull', 'ollama.pull', 'manage', false],
    ['DELETE /api/delete', 'ollama.delete', 'manage', false],
    ['POST /api/create', 'ollama.create', 'opaque', false],
    ['POST /api/push', 'ollama.push', 'opaque', false],
    ['POST /api/blobs/sha256:ab', 'ollama.blobs', 'opaque', false],
    ['GET /api/chat', 'ollama.other', 'opaque', false],
    ['POST /api/web_search', 'ollama.other', 'opaque', false],
    ['HEAD /', 'ollama.other', 'opaque', false],
    ['POST /api/%63hat/', 'ollama.chat', 'generate', true],
  ]
  for (const [call, name, kind, readsBody] of known) {
    const surface = at(call, '?x=1')
    assert.deepEqual(
      [surface?.name, surface?.kind, surface?.readsBody],
      [name, kind, readsBody],
      call,
    )
    assert.equal(surface?.upstreamPath, `${call.split(' ')[1]}?x=1`)
    assert.equal(surface?.dialect, 'ollama')
  }
})

test('below /v1 the OpenAI dialect answers for everything', () => {
  const surface = at('POST /v1/chat/completions') ?? assert.fail()
  assert.deepEqual([surface.name, surface.dialect], ['openai.chat-completions', 'openai'])
  const reading = ollama.readRequest(
    surface,
    scanJson(
      Buffer.from(
        '{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"}]}]}',
      ),
      { depthMax: 9, elementsMax: 99 },
    ),
  )
  assert.ok(reading.kind === 'view')
  assert.deepEqual([reading.view.stream, reading.view.blocks.length], [false, 1])
  const stream = Buffer.from('data: {"choices":[{"delta":{"content":"a"}}]}\n\n')
  assert.equal(ollama.framing(surface, 'text/event-stream'), 'sse')
  assert.equal(ollama.follow(surface, 'text/event-stream')?.push(stream), stream.length)
  assert.equal(ollama.readAnswer(surface, 'text/event-stream', stream).text, 'a')
  assert.equal(at('GET /v1/models/library%2Fqwen')?.name, 'openai.models')
  const error = { code: 'upstream.reset', status: 502, message: 'gone', exchangeId: 'ex_1' }
  assert.ok(ollama.renderError(surface, error).body.includes('"param":null'))
  assert.ok(ollama.renderStreamError(surface, error)?.toString().startsWith('data: '))
})

test('paths that servers read in different ways have no surface', () => {
  for (const path of [
    '',
    'api/chat',
    '/api/../api/chat',
    '/api%2fchat',
    '/api/chat%00',
    '/v1/%2e/x',
    '/api/ch%zzat',
    '/api\\chat',
  ]) {
    assert.equal(ollama.recognise({ method: 'POST', path, query: '' }), null, path)
    assert.equal(claimed(`POST ${path}`), false, path)
  }
})

test('without a prefix only known paths below /api are claimed', () => {
  for (const call of ['POST /api/chat', 'POST /api/generate', 'GET /api/tags', 'POST /api/pull'])
    assert.equal(claimed(call), true, call)
  for (const call of [
    'POST /v1/chat/completions',
    'GET /api/users',
    'GET /api',
    'GET /',
    'GET /api/chat',
    'POST /chat',
    'POST /api/web_search',
  ])
    assert.equal(claimed(call), false, call)
})
