import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { checkConfig, printConfig, printSchema } from './config.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-cli-config-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function options(yaml: string, env: Record<string, string> = {}) {
  const file = join(folder, 'custody.yaml')
  writeFileSync(file, yaml)
  return { file, env, workingFolder: folder }
}

test('check says ok with exit code 0, and where the configuration came from', () => {
  const said = checkConfig(options('log: {}'), false)
  assert.deepEqual(said, {
    out: `ok: configuration from ${join(folder, 'custody.yaml')}\n`,
    err: '',
    exitCode: 0,
  })
})

test('check lists every problem with exit code 2 and nothing on standard output', () => {
  const said = checkConfig(options('lisen: 1\nlog: { level: loud }'), false)
  assert.equal(said.exitCode, 2)
  assert.equal(said.out, '')
  assert.match(said.err, /custody\.yaml:1:1: lisen: unknown key/)
  assert.match(said.err, /custody\.yaml:2:15: log\.level/)
  assert.match(said.err, /2 problems\n$/)
})

test('check as JSON is one document with the same facts', () => {
  const bad: unknown = JSON.parse(checkConfig(options('lisen: 1'), true).out)
  assert.ok(typeof bad === 'object' && bad !== null && 'ok' in bad && 'problems' in bad)
  assert.equal(bad.ok, false)
  assert.ok(Array.isArray(bad.problems) && bad.problems.length === 1)
})

test('print shows sources of secrets, and the missing ones as missing with exit code 2', () => {
  const yaml =
    'upstreams: { a: { preset: openai, credential: "${A}" }, b: { preset: openai, credential: "${B}" } }'
  const said = printConfig(options(yaml, { A: 'hunter2' }), false)
  assert.match(said.out, /\(from env A\)/)
  assert.match(said.out, /\(missing: env B\)/)
  assert.match(said.err, /environment variable B is not set/)
  assert.equal(said.exitCode, 2)
  assert.ok(!`${said.out}${said.err}`.includes('hunter2'))
  assert.equal(printConfig(options(yaml, { A: 'x', B: 'y' }), true).exitCode, 0)
})

test('print neutralises what could drive a terminal', () => {
  const said = checkConfig(options('"\\e[31mred": 1'), false)
  assert.ok(!said.err.includes('\u001b'))
})

test('schema prints the JSON Schema', () => {
  const schema: unknown = JSON.parse(printSchema().out)
  assert.ok(typeof schema === 'object' && schema !== null && 'properties' in schema)
})
