import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { startSandbox } from '../../src/sandbox/start-sandbox.ts'
import { jsonLines, runCli, startCliWith } from '../harness/cli.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'
import { until } from '../harness/until.ts'

/** Each write of the process, to the record and to both databases, is held before it begins. */
const HELD = ['-e', 'trace=pwrite64', '-e', 'inject=pwrite64:delay_enter=600000000']

const skip = spawnSync('strace', ['-V']).error === undefined ? false : 'strace is not installed'

test(
  'while every write of the process hangs, callers get 503, readiness is red, and nothing goes upstream',
  { skip },
  async () => {
    using folder = temporaryFolder()
    await using sandbox = await startSandbox()
    const data = join(folder.path, 'data')
    const env = {
      OPENAI_API_KEY: 'sk-real',
      OPENAI_BASE_URL: sandbox.url,
      CUSTODY_LOG__LEVEL: 'silent',
    }
    const flags = ['--json', '--data', data, '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0']
    await using gateway = startCliWith(env, 'up', ...flags)
    await gateway.until('\n')
    const { proxyUrl, adminUrl, key, pid } = JSON.parse(gateway.out())
    const ask = async (text: string) => {
      const answer = await fetch(`${proxyUrl}/openai/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: text }] }),
        signal: AbortSignal.timeout(60_000),
      })
      return { status: answer.status, body: await answer.text() }
    }
    const readiness = async () => (await fetch(`${adminUrl}/readyz`)).status
    assert.equal((await ask('before')).status, 200)

    const strace = spawn('strace', ['-f', '-q', '-o', '/dev/null', ...HELD, '-p', String(pid)], {
      stdio: 'ignore',
    })
    const ended = once(strace, 'exit')
    // Attached when a write hangs: until then requests pass.
    await until(async () => (await ask('while it hangs')).status === 503)
    assert.match((await ask('while it hangs')).body, /evidence\.unavailable/)
    assert.equal(await readiness(), 503)
    const received = sandbox.received()
    // Longer than the marks of used keys and the rows of the index wait for their turn.
    await pause(6_000)
    assert.equal(await readiness(), 503, 'the event loop still turns')
    assert.equal((await ask('never sent')).status, 503)
    assert.equal(sandbox.received().length, received.length)

    strace.kill('SIGTERM')
    await ended
    await until(async () => (await ask('after')).status === 200)
    await until(async () => (await readiness()) === 200)
    gateway.kill('SIGTERM')
    await gateway.ended
    const rows = jsonLines((await runCli('exchanges', '--json', '--data', data)).out)
    assert.ok(rows.some((row) => row['state'] === 'refused'))
    assert.deepEqual(
      [...new Set(rows.map((row) => row['state']))].filter((state) => state === 'open'),
      [],
    )
  },
)
