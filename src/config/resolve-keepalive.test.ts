import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { loadConfig } from './load.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-keepalive-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function loaded(match: string, keepalive: string) {
  const file = join(folder, 'custody.yaml')
  writeFileSync(
    file,
    `upstreams:
  openai: { dialect: openai, baseUrl: 'https://a.example', credential: none }
  anthropic: { dialect: anthropic, baseUrl: 'https://b.example', credential: none }
  bedrock: { dialect: bedrock, baseUrl: 'https://c.example', credential: none }
  ollama: { dialect: ollama, baseUrl: 'https://d.example', credential: none }
routes:
  - { name: kept, match: ${match}, approvals: { keepalive: ${keepalive} } }
`,
  )
  return loadConfig({ file, env: {}, workingFolder: folder })
}

test('a route says how its callers are kept, each kind of answer by itself', () => {
  for (const [match, written, keepalive] of [
    ['{ upstream: openai }', '{ streams: comments }', ['comments', null, 20_000]],
    ['{ upstream: ollama }', '{ streams: comments, every: 45s }', ['comments', null, 45_000]],
    ['{ upstream: anthropic }', '{ streams: pings }', ['pings', null, 20_000]],
    ['{ surface: anthropic.messages }', '{ streams: pings }', ['pings', null, 20_000]],
    ['{ upstream: bedrock }', '{ wholes: whitespace }', [null, 'whitespace', 20_000]],
    [
      '{}',
      '{ streams: informational, wholes: informational }',
      ['informational', 'informational', 20_000],
    ],
  ] as const) {
    const result = loaded(match, written)
    assert.equal(result.kind, 'config', JSON.stringify(result))
    if (result.kind !== 'config') assert.fail()
    const [streams, wholes, everyMs] = keepalive
    assert.deepEqual(result.config.approvals.routes['kept']?.keepalive, {
      streams,
      wholes,
      everyMs,
    })
  }
})

test('unknown ways are refused, and ways that a wire format behind the route has no room for', () => {
  for (const [match, written, said] of [
    ['{ upstream: openai }', '{ streams: dots }', /comments, pings, informational/],
    ['{ upstream: openai }', '{ wholes: comments }', /whitespace, informational/],
    ['{ upstream: openai }', '{ streams: whitespace }', /comments, pings, informational/],
    ['{ upstream: openai }', '{ streams: comments, often: 5s }', /often/],
    ['{ upstream: openai }', '{ streams: comments, every: 1ms }', /250ms/],
    ['{ upstream: openai }', '{}', /for no kind of answer/],
    ['{ upstream: openai }', '{ streams: pings }', /streams of openai have no room for pings/],
    ['{ upstream: bedrock }', '{ streams: comments }', /streams of bedrock have no room/],
    ['{}', '{ streams: comments }', /streams of bedrock have no room/],
    ['{ surface: "openai.chat*" }', '{ streams: pings }', /streams of openai have no room/],
    ['{}', '{ streams: pings }', /openai, bedrock, ollama/],
  ] as const) {
    const result = loaded(match, written)
    assert.equal(result.kind, 'problems', `${match} ${written}`)
    assert.match(JSON.stringify(result), said)
  }
})
