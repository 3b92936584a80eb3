import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { CSRF, caller, startConsole } from '../../test/harness/console.ts'
import type { Call, TestConsole, TestPerson } from '../../test/harness/console.ts'
import { temporaryFolder } from '../../test/harness/temporary-folder.ts'

let console: TestConsole
let device: Call
let dev: TestPerson

before(async () => {
  console = await startConsole()
  device = caller(console.api, CSRF)
  dev = await console.person('dev', ['member'])
})
after(() => console[Symbol.asyncDispose]())

const begin = async () => {
  const begun = await device('POST', '/device-logins', { body: { client: 'dev on laptop' } })
  assert.equal(begun.status, 201, begun.text)
  return begun.body
}
const poll = async (deviceCode: string) =>
  (await device('POST', '/device-logins/poll', { body: { deviceCode } })).body
const decide = (by: Call, code: string, approve: boolean) =>
  by('POST', `/device-logins/${code}/decision`, { body: { approve } })
const refresh = (grant: string) => device('POST', '/device-logins/refresh', { body: { grant } })
const send = async (token: string): Promise<number> => {
  const answer = await fetch(`${console.gateway.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: 'hi' }] }),
  })
  await answer.arrayBuffer()
  return answer.status
}

test('a device acts for who says yes, with a key that lasts an hour and is renewed in place', async () => {
  const { deviceCode, userCode, verificationUrl } = await begin()
  assert.ok(verificationUrl.endsWith(`/device?code=${userCode}`))
  assert.equal((await poll(deviceCode)).state, 'pending')
  const seen = await dev.byCookie('GET', `/device-logins/${userCode.toLowerCase()}`)
  assert.equal(seen.body.client, 'dev on laptop')
  assert.equal((await decide(dev.byCookie, userCode, true)).status, 204)
  const { state, grant, token } = await poll(deviceCode)
  assert.deepEqual([state, token.login, token.proxyUrl], ['approved', 'dev', console.gateway.url])
  assert.ok(token.expiresAtMs - Date.now() <= 3_600_000)
  assert.equal((await poll(deviceCode)).state, 'expired')
  assert.equal(await send(token.token), 200)
  const renewed = await refresh(grant)
  assert.equal(await send(renewed.body.token), 200)
  assert.equal(await send(token.token), 401)
  const keys = (await dev.call('GET', '/keys')).body.items
  assert.deepEqual(
    keys.map(({ name }: { name: string }) => name),
    ['custody token on dev on laptop'],
  )
  assert.equal((await dev.call('POST', `/keys/${keys[0].id}/revoke`)).status, 200)
  assert.equal((await refresh(grant)).body.code, 'api.device-refused')
  assert.equal(await send(renewed.body.token), 401)
})

test('a no is a no, and decides once', async () => {
  const { deviceCode, userCode } = await begin()
  assert.equal((await decide(dev.byCookie, userCode, false)).status, 204)
  assert.equal((await decide(dev.byCookie, userCode, true)).status, 404)
  assert.equal((await poll(deviceCode)).state, 'denied')
})

test('a person who was cut off gets no token any more, also not after coming back', async () => {
  const { deviceCode, userCode } = await begin()
  const gone = await console.person('gone', ['member'])
  await decide(gone.byCookie, userCode, true)
  const { grant } = await poll(deviceCode)
  const change = async (disabled: boolean): Promise<void> => {
    const { etag } = (await console.admin('GET', `/people/${gone.id}`)).body
    const done = await console.admin('PATCH', `/people/${gone.id}`, {
      body: { disabled },
      headers: { 'if-match': etag },
    })
    assert.equal(done.status, 200, done.text)
  }
  assert.equal((await refresh(grant)).status, 200)
  await change(true)
  assert.equal((await refresh(grant)).status, 401)
  await change(false)
  assert.equal((await refresh(grant)).status, 401)
})

test('nobody and no program can say yes, and what is no code finds nothing', async () => {
  const { userCode } = await begin()
  assert.equal((await decide(device, userCode, true)).status, 401)
  assert.equal((await decide(dev.call, userCode, true)).status, 403)
  for (const code of ['AAAA-AAAA', 'x', `${userCode}B`, '%00'])
    assert.equal((await dev.byCookie('GET', `/device-logins/${code}`)).status, 404, code)
  assert.equal((await poll('cdv_nothing')).state, 'expired')
  assert.equal((await refresh(console.gateway.key)).status, 401)
})

test('custody token asks once, then hands out the kept token without asking', async () => {
  using folder = temporaryFolder()
  const main = join(import.meta.dirname, '..', 'main.ts')
  const run = (...args: string[]) => {
    const child = spawn(
      process.execPath,
      [main, 'token', '--server', console.gateway.adminUrl, ...args],
      { env: { ...process.env, XDG_CONFIG_HOME: folder.path }, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    const said = { out: '', err: '' }
    child.stdout.on('data', (data: Buffer) => (said.out += data.toString()))
    const code = new Promise<string>((found) =>
      child.stderr.on('data', (data: Buffer) => {
        said.err += data.toString()
        const match = /code=([A-Z-]{9})/.exec(said.err)
        if (match !== null) found(match[1]!)
      }),
    )
    const exit = new Promise<number | null>((done) => child.on('close', done))
    return { said, code, exit }
  }
  const asked = run()
  assert.equal(await asked.exit, 1)
  assert.match(asked.said.err, /custody token --login/)
  const login = run('--login')
  await decide(dev.byCookie, await login.code, true)
  assert.equal(await login.exit, 0, login.said.err)
  assert.match(login.said.out, /^cst_\w+\n$/)
  assert.equal(await send(login.said.out.trim()), 200)
  const kept = run()
  await kept.exit
  assert.equal(kept.said.out, login.said.out)
  const fresh = run('--fresh', '--json')
  await fresh.exit
  const body: { token: string; login: string } = JSON.parse(fresh.said.out)
  assert.equal(body.login, 'dev')
  assert.equal(await send(body.token), 200)
  const file = join(folder.path, 'custody', 'tokens.json')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  await run('--logout').exit
  assert.equal(readFileSync(file, 'utf8'), '{}')
})
