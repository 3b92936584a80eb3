import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tmpdir } from 'node:os'
import { parse } from 'yaml'
import { loadConfig } from './load.ts'
import { hashConfig, printableConfig, printableText } from './redact.ts'

function config(env: Record<string, string>) {
  const result = loadConfig({ env, workingFolder: tmpdir() })
  return result.kind === 'config' ? result.config : assert.fail()
}

test('the printed form names the source of a secret and never holds it', () => {
  const text = printableText(config({ OPENAI_API_KEY: 'hunter2', LANG: 'C' }))
  assert.match(text, /secret: \(from env OPENAI_API_KEY\)/)
  assert.ok(!text.includes('hunter2'))
})

test('the printed form is YAML of the same values', () => {
  const it = config({ OPENAI_API_KEY: 'hunter2' })
  assert.deepEqual(parse(printableText(it)), printableConfig(it))
})

test('the hash depends on what is configured and on nothing else', () => {
  const one = config({ OPENAI_API_KEY: 'a' })
  assert.match(one.hash, /^[0-9a-f]{64}$/)
  assert.equal(one.hash, config({ OPENAI_API_KEY: 'b' }).hash)
  assert.notEqual(one.hash, config({ ANTHROPIC_API_KEY: 'a' }).hash)
  assert.notEqual(one.hash, config({ OPENAI_API_KEY: 'a', CUSTODY_LIMITS__IDLEMS: '9s' }).hash)
  const reordered = Object.fromEntries(Object.entries(one).toReversed())
  assert.equal(hashConfig({ ...one, ...reordered }), one.hash)
})
