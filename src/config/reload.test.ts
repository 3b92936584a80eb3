import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Config, ConfigProblem } from './config.ts'
import { loadConfig } from './load.ts'
import { watchConfig } from './reload.ts'

function start(yaml: string, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'custody-reload-'))
  const file = join(folder, 'custody.yaml')
  writeFileSync(file, yaml)
  const first = loadConfig({ file, env, workingFolder: folder })
  if (first.kind !== 'config') assert.fail(JSON.stringify(first.problems))
  const reloads: { config: Config; warnings: readonly string[] }[] = []
  const refusals: (readonly ConfigProblem[])[] = []
  const heard: (() => void)[] = []
  const watch = watchConfig({
    file,
    flags: {},
    env,
    workingFolder: folder,
    current: first.config,
    settleMs: 1,
    onReload: (config, warnings) => {
      reloads.push({ config, warnings })
      heard.shift()?.()
    },
    onRefused: (problems) => {
      refusals.push(problems)
      heard.shift()?.()
    },
  })
  return {
    file,
    first: first.config,
    watch,
    reloads,
    refusals,
    next: () => new Promise<void>((resolve) => heard.push(resolve)),
    [Symbol.dispose]: () => {
      watch[Symbol.dispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

test('a changed file becomes a new snapshot, the old one is not touched', async () => {
  using it = start('limits: { idleMs: 1m }')
  const next = it.next()
  writeFileSync(it.file, 'limits: { idleMs: 2m }')
  await next
  assert.equal(it.watch.current().limits.idleMs, 120_000)
  assert.equal(it.first.limits.idleMs, 60_000)
  assert.notEqual(it.watch.current().hash, it.first.hash)
})

test('a file that is replaced is followed', async () => {
  using it = start('log: { level: info }')
  for (const level of ['warn', 'error'] as const) {
    const next = it.next()
    writeFileSync(`${it.file}.tmp`, `log: { level: ${level} }`)
    renameSync(`${it.file}.tmp`, it.file)
    await next
    assert.equal(it.watch.current().log.level, level)
  }
})

test('a file with problems leaves the snapshot in force and is reported', () => {
  using it = start('log: { level: info }')
  writeFileSync(it.file, 'log: { level: loud }')
  const outcome = it.watch.reload()
  assert.equal(outcome.kind, 'refused')
  assert.equal(it.watch.current(), it.first)
  assert.equal(it.refusals[0]?.[0]?.path, 'log.level')
  rmSync(it.file)
  assert.equal(it.watch.reload().kind, 'refused')
  assert.equal(it.watch.current(), it.first)
})

test('a reload that changes nothing is not announced', () => {
  using it = start('log: { level: info }')
  writeFileSync(it.file, '# a comment\nlog: { level: info }')
  assert.equal(it.watch.reload().kind, 'unchanged')
  assert.deepEqual(it.reloads, [])
})

test('SIGHUP reloads, until the watch is disposed', async () => {
  using it = start('log: { level: info }')
  const next = it.next()
  writeFileSync(it.file, 'log: { level: warn }')
  process.emit('SIGHUP', 'SIGHUP')
  await next
  assert.equal(it.watch.current().log.level, 'warn')
  const listeners = process.listenerCount('SIGHUP')
  it.watch[Symbol.dispose]()
  assert.equal(process.listenerCount('SIGHUP'), listeners - 1)
})

test('changes that wait for a restart are said, those that do not are not', () => {
  using it = start('listen: 127.0.0.1:1')
  writeFileSync(
    it.file,
    'listen: 127.0.0.1:2\nstorage: { folder: other }\nrecording: { mode: best-effort, flushMs: 20ms }\nlog: { level: warn }\nlimits: { idleMs: 9s }',
  )
  const outcome = it.watch.reload()
  assert.ok(outcome.kind === 'reloaded')
  assert.deepEqual(outcome.warnings, [
    'listen: the change takes effect after a restart',
    'storage: the change takes effect after a restart',
    'recording: the change takes effect after a restart',
  ])
  writeFileSync(
    it.file,
    'listen: 127.0.0.1:2\nstorage: { folder: other }\nrecording: { mode: strict, flushMs: 20ms }\nlog: { level: warn }\nlimits: { idleMs: 9s }',
  )
  const second = it.watch.reload()
  assert.ok(second.kind === 'reloaded')
  assert.deepEqual(second.warnings, [])
  assert.equal(second.config.routes[0]?.mode, 'strict')
})

test('a rotated secret is taken up although the hash stays', () => {
  const env: Record<string, string> = { OPENAI_API_KEY: 'one' }
  using it = start('upstreams: { a: { preset: openai } }', env)
  env['OPENAI_API_KEY'] = 'two'
  const outcome = it.watch.reload()
  assert.ok(outcome.kind === 'reloaded')
  assert.equal(outcome.config.hash, it.first.hash)
  const credential = outcome.config.upstreams[0]?.credential
  assert.ok(credential?.kind === 'header')
  assert.equal(credential.secret, 'two')
})
