import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { DialectName } from '../model/dialect.ts'
import { answerDigest } from './canonical-parts.ts'
import { claimantOf, dialectByName } from './registry.ts'

const NAMES: readonly DialectName[] = ['openai', 'anthropic', 'gemini', 'bedrock', 'ollama']

const OWNED: readonly (readonly [string, DialectName])[] = [
  ['POST /v1/chat/completions', 'openai'],
  ['POST /v1/responses', 'openai'],
  ['GET /v1/models', 'openai'],
  ['GET /v1/models/gpt-5', 'openai'],
  ['POST /v1/files', 'openai'],
  ['POST /openai/deployments/d/chat/completions', 'openai'],
  ['POST /v1/messages', 'anthropic'],
  ['POST /v1/messages/count_tokens', 'anthropic'],
  ['GET /v1/messages/batches/b/results', 'anthropic'],
  ['POST /v1beta/models/gemini-2:generateContent', 'gemini'],
  ['POST /v1/models/gemini-2:streamGenerateContent', 'gemini'],
  ['POST /v1/projects/p/locations/l/publishers/google/models/m:generateContent', 'gemini'],
  ['POST /model/anthropic.claude-5/converse', 'bedrock'],
  ['POST /model/anthropic.claude-5/converse-stream', 'bedrock'],
  ['POST /model/m/invoke', 'bedrock'],
  [
    'POST /model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fp/invoke-with-response-stream',
    'bedrock',
  ],
  ['POST /api/chat', 'ollama'],
  ['GET /api/tags', 'ollama'],
]

const request = (
  call: string,
): { readonly method: string; readonly path: string; readonly query: string } => {
  const [method = '', path = ''] = call.split(' ')
  return { method, path, query: '' }
}

test('every dialect is found by its own name', () => {
  for (const name of NAMES) assert.equal(dialectByName(name).name, name)
})

test('each path has one owner, which recognises it', () => {
  for (const [call, name] of OWNED) {
    const owners = NAMES.filter((candidate) => dialectByName(candidate).claims(request(call)))
    assert.deepEqual(owners, [name], call)
    assert.equal(claimantOf(request(call))?.name, name, call)
    assert.notEqual(dialectByName(name).recognise(request(call)), null, call)
  }
})

test('what no dialect owns has no claimant', () => {
  for (const call of [
    'GET /',
    'GET /healthz',
    'GET /metrics',
    'POST /v1',
    'POST /v2/chat/completions',
    'GET /api',
    'GET /favicon.ico',
    'POST /v1/../v1/messages',
    'POST /model',
    'GET /__received',
  ]) {
    assert.equal(claimantOf(request(call)), null, call)
  }
})

const GENERATES: readonly (readonly [call: string, answer: (value: string) => string])[] = [
  [
    'POST /v1/chat/completions',
    (value) =>
      `{"choices":[{"message":{"tool_calls":[{"function":{"name":"f","arguments":${value}}}]}}]}`,
  ],
  [
    'POST /v1/responses',
    (value) => `{"output":[{"type":"function_call","name":"f","arguments":${value}}]}`,
  ],
  [
    'POST /v1/messages',
    (value) => `{"content":[{"type":"tool_use","id":"a","name":"f","input":${value}}]}`,
  ],
  [
    'POST /v1beta/models/gemini-2:generateContent',
    (value) =>
      `{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":${value}}}]}}]}`,
  ],
  [
    'POST /model/m/converse',
    (value) =>
      `{"output":{"message":{"content":[{"toolUse":{"toolUseId":"a","name":"f","input":${value}}}]}}}`,
  ],
  [
    'POST /api/chat',
    (value) =>
      `{"message":{"tool_calls":[{"function":{"name":"f","arguments":${value}}}]},"done":true}`,
  ],
]

test('an answer whose arguments nest twenty thousand deep is read and named all the same', () => {
  const deep = (open: string, close: string): string =>
    `${open.repeat(20_000)}1${close.repeat(20_000)}`
  for (const [call, answer] of GENERATES) {
    const dialect = claimantOf(request(call)) ?? assert.fail(call)
    const surface = dialect.recognise(request(call)) ?? assert.fail(call)
    for (const value of [deep('[', ']'), deep('{"a":', '}'), deep('{"arguments":', '}')]) {
      for (const written of [value, JSON.stringify(value)]) {
        const body = Buffer.from(answer(written))
        const { text, toolCalls } = dialect.readAnswer(surface, 'application/json', body)
        assert.match(answerDigest(text, toolCalls), /^[\w+/=]{44}$/, call)
      }
    }
  }
})
