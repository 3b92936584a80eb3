import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { jsonLines, runCliWith } from '../../../test/harness/cli.ts'
import { startGateway } from '../../../test/harness/gateway.ts'
import { temporaryFolder } from '../../../test/harness/temporary-folder.ts'

test('a machine is connected with a key that the gateway lets in, and with no other; then restored', async () => {
  await using gateway = await startGateway()
  using folder = temporaryFolder()
  const home = folder.path
  const settings = join(home, '.claude', 'settings.json')
  const original = '{\n  "env": { "ANTHROPIC_API_KEY": "sk-ant-api03-0123456789abcdef" }\n}\n'
  mkdirSync(join(home, '.claude'))
  writeFileSync(settings, original)
  const run = (...args: readonly string[]) =>
    runCliWith({ env: { HOME: home, PATH: '/usr/bin:/bin' } }, ...args)
  const with_ = (key: string): readonly string[] => {
    const file = join(home, 'key')
    writeFileSync(file, `${key}\n`, { mode: 0o600 })
    return ['connect', 'claude-code', '--gateway', gateway.url, '--key-file', file]
  }

  const wrong = await run(...with_(`${gateway.key.slice(0, -4)}aaaa`), '--yes')
  assert.equal(wrong.code, 1)
  assert.match(wrong.err, /refuses this credential \(401, identity\.[a-z]+\)\.\nEverything is as/)
  assert.equal(readFileSync(settings, 'utf8'), original)

  const unasked = await run(...with_(gateway.key))
  assert.equal(unasked.code, 1)
  assert.match(unasked.err, /nothing was written/)
  assert.match(unasked.out, /^-.*"ANTHROPIC_API_KEY": "sk-a…"/m)
  assert.ok(!unasked.out.includes('0123456789abcdef'))

  const done = await run(...with_(gateway.key), '--yes')
  assert.equal(done.code, 0, done.err)
  const [, exchange = ''] = /exchange (ex_\w+)/.exec(done.err) ?? []
  assert.equal((await gateway.recorded(exchange)).facts.principal?.method, 'gateway-key')
  const { apiKeyHelper, env } = JSON.parse(readFileSync(settings, 'utf8'))
  assert.deepEqual(
    [apiKeyHelper, env],
    [`cat ${join(home, 'key')}`, { ANTHROPIC_BASE_URL: `${gateway.url}/anthropic` }],
  )
  const listed = jsonLines((await run('connect', '--list', '--json')).out)
  assert.deepEqual(
    listed.find(({ client }) => client === 'claude-code'),
    {
      client: 'claude-code',
      title: 'Claude Code',
      state: 'connected',
      gateway: gateway.url,
      files: [settings],
    },
  )
  const back = await run('disconnect', '--yes')
  assert.equal(back.code, 0, back.err)
  assert.equal(readFileSync(settings, 'utf8'), original)
})
