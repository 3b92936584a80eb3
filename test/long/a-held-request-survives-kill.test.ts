import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { startSandbox } from '../../src/sandbox/start-sandbox.ts'
import { HOLD_POLICY } from '../harness/approval-gateway.ts'
import { jsonLines, runCli, startCliWith } from '../harness/cli.ts'
import type { Running } from '../harness/cli.ts'
import { CSRF, caller, logIn } from '../harness/console.ts'

interface Up {
  readonly process: Running
  readonly proxyUrl: string
  readonly adminUrl: string
  readonly key: string
  readonly loginUrl: string
}

async function up(folder: string): Promise<Up> {
  const process = startCliWith(
    { CUSTODY_LOG__LEVEL: 'silent' },
    'up',
    '--json',
    '--config',
    join(folder, 'custody.yaml'),
    '--data',
    join(folder, 'data'),
    '--listen',
    '127.0.0.1:0',
    '--admin',
    '127.0.0.1:0',
  )
  await process.until('\n')
  return { process, ...JSON.parse(process.out()) }
}

async function kill({ process }: Up): Promise<void> {
  process.kill('SIGKILL')
  await process.ended
}

test('a request that waits when its gateway is killed is decided on the command line, with and without a gateway', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'custody-held-kill-'))
  await using sandbox = await startSandbox()
  await writeFile(join(folder, 'policy.yaml'), HOLD_POLICY)
  await writeFile(
    join(folder, 'custody.yaml'),
    `policy: policy.yaml
upstreams:
  openai: { dialect: openai, baseUrl: '${sandbox.url}', allowPrivateAddresses: true }
`,
  )
  const data = ['--data', join(folder, 'data')]
  const ask = ({ proxyUrl, key }: Up, text: string): Promise<number | null> =>
    fetch(`${proxyUrl}/openai/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: text }] }),
    })
      .then(({ status }) => status)
      .catch(() => null)
  const waiting = async (attempts: number): Promise<string> => {
    for (let n = 0; n < 400; n += 1) {
      const listed = await runCli('approvals', 'list', '--json', ...data)
      const found = jsonLines(listed.out).find((one) => one['attempts'] === attempts)
      if (found !== undefined) return String(found['id'])
      await pause(50)
    }
    return assert.fail('no approval came to wait')
  }
  try {
    const first = await up(folder)
    const api = `${first.adminUrl}/api/v1`
    const admin = caller(api, { cookie: await logIn(api, first.loginUrl), ...CSRF })
    const erin = { login: 'erin', roles: ['approver'] }
    assert.equal((await admin('POST', '/people', { body: erin })).status, 201)

    const bluebird = ask(first, 'about project bluebird')
    const id = await waiting(1)
    await kill(first)
    assert.equal(await bluebird, null)
    const shown = await runCli('approvals', 'show', id, ...data)
    assert.match(shown.out, /Project names stay inside/)
    const nobody = await runCli('approvals', 'approve', id, '--as', 'nobody', ...data)
    assert.notEqual(nobody.code, 0)
    const approved = await runCli('approvals', 'approve', id, '--as', 'erin', ...data)
    assert.equal(approved.code, 0, approved.err)
    assert.equal(sandbox.received().length, 0)

    const second = await up(folder)
    assert.equal(await ask(second, 'about project bluebird'), 200)
    assert.equal(sandbox.received().length, 1)
    void ask(second, 'about project redwing')
    const other = await waiting(1)
    await kill(second)

    const third = await up(folder)
    const redwing = ask(third, 'about project redwing')
    assert.equal(await waiting(2), other)
    const denied = await runCli(
      'approvals',
      'deny',
      other,
      '--as',
      'erin',
      '--reason',
      'no',
      ...data,
    )
    assert.equal(denied.code, 0, denied.err)
    assert.equal(await redwing, 400)
    assert.equal(sandbox.received().length, 1)
    const again = await runCli('approvals', 'approve', other, '--as', 'erin', ...data)
    assert.match(again.err, /decided already: denied/)
    await kill(third)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
})
