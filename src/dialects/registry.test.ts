import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { DialectName } from '../model/dialect.ts'
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
