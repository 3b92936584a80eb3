import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { startSandbox } from './start-sandbox.ts'

const PATHS = [
  '/v1/chat/completions',
  '/v1/responses',
  '/v1/completions',
  '/v1/embeddings',
  '/v1/moderations',
  '/v1/images/generations',
  '/v1/audio/speech',
  '/v1/files',
  '/v1/batches',
  '/v1/messages',
  '/v1/messages/count_tokens',
  '/v1/messages/batches',
  '/v1beta/models/tool:generateContent',
  '/v1beta/models/tool:streamGenerateContent',
  '/v1beta/models/tool:countTokens',
  '/v1beta/models/tool:batchEmbedContents',
  '/model/tool/converse',
  '/model/tool/converse-stream',
  '/model/tool/invoke',
  '/api/chat',
  '/api/generate',
  '/api/embed',
  '/api/show',
]

/** Fields every dialect looks at, with values of the wrong shape as often as not. */
const FIELDS = [
  'model',
  'messages',
  'input',
  'prompt',
  'contents',
  'parts',
  'content',
  'role',
  'text',
  'tools',
  'function',
  'functionDeclarations',
  'parameters',
  'properties',
  'type',
  'toString',
  'max_tokens',
  'n',
  'dimensions',
  'stream',
  'toolConfig',
  'toolResult',
  'requests',
]
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom('tool', 'echo', 'user', 'object', '', null, true, -1, 2, 1e300),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...FIELDS), tie('tree'), { maxKeys: 5 }),
  ),
}))

test('no JSON of any shape makes any surface fail by itself', async () => {
  await using sandbox = await startSandbox({ record: false })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...PATHS), tree, async (path, value) => {
      const body = JSON.stringify(value)
      const answer = await fetch(sandbox.url + path, { method: 'POST', body })
      await answer.arrayBuffer()
      assert.ok(answer.status === 200 || answer.status === 400, `${path} ${answer.status} ${body}`)
    }),
    { numRuns: 600 },
  )
})

test('a body nested deeper than the stack is answered and the sandbox lives on', async () => {
  await using sandbox = await startSandbox({ record: false })
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)
  for (const path of PATHS) {
    const body = `{"model":"x","max_tokens":1,"messages":${deep},"input":${deep},"tools":${deep}}`
    const answer = await fetch(sandbox.url + path, { method: 'POST', body })
    await answer.arrayBuffer()
    assert.ok(answer.status >= 200)
  }
  assert.equal((await fetch(`${sandbox.url}/v1/models`)).status, 200)
})

test('bytes that are no HTTP end their own connection only', async () => {
  await using sandbox = await startSandbox({ record: false })
  for (const bytes of ['PRI * HTTP/3.0\r\n\r\n', '\0\0\0\0', 'GET\r\n\r\n']) {
    const socket = connect(sandbox.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.resume().end(bytes)
    await new Promise((resolve) => socket.once('close', resolve))
  }
  assert.equal((await fetch(`${sandbox.url}/v1/models`)).status, 200)
})
