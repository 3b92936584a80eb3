import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { loadConfig } from './load.ts'
import type { Flags } from './overrides.ts'

const workingFolder = mkdtempSync(join(tmpdir(), 'custody-zero-'))
after(() => rmSync(workingFolder, { recursive: true, force: true }))

function zero(env: Record<string, string>, flags: Flags = {}) {
  const result = loadConfig({ env, flags, workingFolder })
  if (result.kind !== 'config') assert.fail(JSON.stringify(result.problems))
  return result
}

function problemOf(env: Record<string, string>, flags: Flags = {}) {
  const result = loadConfig({ env, flags, workingFolder })
  if (result.kind !== 'problems') assert.fail('accepted')
  return result.problems[0]!
}

test('without any credential every upstream is the sandbox', () => {
  const { config, warnings } = zero({})
  assert.deepEqual(
    config.upstreams.map(({ name, dialect, sandbox, baseUrl }) => [
      name,
      dialect,
      sandbox,
      baseUrl,
    ]),
    [
      ['openai', 'openai', true, ''],
      ['anthropic', 'anthropic', true, ''],
      ['gemini', 'gemini', true, ''],
      ['bedrock', 'bedrock', true, ''],
      ['azure', 'openai', true, ''],
      ['ollama', 'ollama', true, ''],
    ],
  )
  assert.deepEqual(warnings, [])
})

test('with one credential only that upstream exists, and no sandbox', () => {
  const { config } = zero({ ANTHROPIC_API_KEY: 'k' })
  assert.deepEqual(
    config.upstreams.map(({ name, sandbox }) => [name, sandbox]),
    [['anthropic', false]],
  )
})

test('every provider variable makes its upstream', () => {
  const { config } = zero({
    OPENAI_API_KEY: 'a',
    OPENAI_BASE_URL: 'https://proxy.example/openai/v1/',
    ANTHROPIC_API_KEY: 'b',
    GOOGLE_API_KEY: 'c',
    AWS_ACCESS_KEY_ID: 'd',
    AWS_SECRET_ACCESS_KEY: 'e',
    AWS_SESSION_TOKEN: 'f',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AZURE_OPENAI_API_KEY: 'g',
    AZURE_OPENAI_ENDPOINT: 'https://me.openai.azure.com/',
    OLLAMA_HOST: '0.0.0.0',
  })
  assert.deepEqual(
    config.upstreams.map(({ name, baseUrl }) => [name, baseUrl]),
    [
      ['openai', 'https://proxy.example/openai/v1'],
      ['anthropic', 'https://api.anthropic.com'],
      ['gemini', 'https://generativelanguage.googleapis.com'],
      ['bedrock', 'https://bedrock-runtime.{region}.amazonaws.com'],
      ['azure', 'https://me.openai.azure.com'],
      ['ollama', 'http://127.0.0.1:11434'],
    ],
  )
  const bedrock = config.upstreams[3]!
  assert.equal(bedrock.region, 'eu-west-1')
  assert.ok(bedrock.credential.kind === 'sigv4')
  assert.deepEqual(
    [
      bedrock.credential.accessKeyId,
      bedrock.credential.secretAccessKey,
      bedrock.credential.sessionToken,
    ],
    ['d', 'e', 'f'],
  )
})

test('a Bedrock bearer token wins over AWS keys', () => {
  const { config } = zero({
    AWS_BEARER_TOKEN_BEDROCK: 'x',
    AWS_ACCESS_KEY_ID: 'd',
    AWS_SECRET_ACCESS_KEY: 'e',
    AWS_REGION: 'us-west-2',
  })
  assert.equal(config.upstreams[0]!.credential.kind, 'header')
})

test('OLLAMA_HOST is read in all its spellings', () => {
  const cases = [
    ['127.0.0.1', 'http://127.0.0.1:11434'],
    ['127.0.0.1:9999', 'http://127.0.0.1:9999'],
    ['http://gpu.example:80', 'http://gpu.example'],
    ['https://gpu.example/', 'https://gpu.example'],
    ['0.0.0.0:11434', 'http://127.0.0.1:11434'],
    ['[::1]', 'http://[::1]:11434'],
  ] as const
  for (const [written, baseUrl] of cases) {
    assert.equal(zero({ OLLAMA_HOST: written }).config.upstreams[0]!.baseUrl, baseUrl, written)
  }
})

test('half a pair of variables is said and not used', () => {
  const cases: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{ OPENAI_BASE_URL: 'http://x' }, /OPENAI_BASE_URL is ignored/],
    [{ AWS_ACCESS_KEY_ID: 'a', AWS_REGION: 'us-east-1' }, /belong together/],
    [{ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }, /set AWS_REGION/],
    [{ AWS_BEARER_TOKEN_BEDROCK: 'a', AWS_REGION: 'evil.example/' }, /set AWS_REGION/],
    [{ AZURE_OPENAI_API_KEY: 'a' }, /belong together/],
    [{ AZURE_OPENAI_ENDPOINT: 'https://x' }, /belong together/],
  ]
  for (const [env, words] of cases) {
    const { config, warnings } = zero(env)
    assert.match(warnings.join('\n'), words)
    assert.ok(config.upstreams.every(({ sandbox }) => sandbox))
  }
})

test("a caller's base URL that points at the gateway itself is a problem that names the variable", () => {
  for (const [url, flags] of [
    ['http://127.0.0.1:8080/openai/v1', {}],
    ['http://localhost:8080/openai/v1', {}],
    ['http://[::1]:8080', {}],
    ['http://127.9.9.9:8081', {}],
    ['http://localhost:9/openai', { listen: '0.0.0.0:9' }],
    ['http://10.1.2.3:9/openai', { listen: '10.1.2.3:9' }],
    ['http://localhost/openai', { listen: '127.0.0.1:80' }],
  ] as const) {
    const problem = problemOf({ OPENAI_API_KEY: 'a', OPENAI_BASE_URL: url }, flags)
    assert.equal(problem.source, 'env OPENAI_BASE_URL', url)
    assert.match(problem.hint, /another shell/)
  }
  zero({ OPENAI_API_KEY: 'a', OPENAI_BASE_URL: 'http://127.0.0.1:8082/v1' })
  zero({ OPENAI_API_KEY: 'a', OPENAI_BASE_URL: 'http://10.1.2.3:8080/v1' })
})

test("a gateway key in a provider's variable is a problem that names the variable", () => {
  const problem = problemOf({ OPENAI_API_KEY: 'cst_0123456789' })
  assert.equal(problem.source, 'env OPENAI_API_KEY')
  assert.match(problem.message, /gateway key/)
  assert.ok(!JSON.stringify(problem).includes('0123456789'))
})

test('a base URL that cannot be one is a problem that does not quote it', () => {
  const problem = problemOf({ OPENAI_API_KEY: 'a', OPENAI_BASE_URL: 'https://u:hunter2@x.example' })
  assert.equal(problem.source, 'env OPENAI_BASE_URL')
  assert.ok(!JSON.stringify(problem).includes('hunter2'))
})
