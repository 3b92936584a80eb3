import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { jsonLines, runCliWith, startCliWith } from '../../../test/harness/cli.ts'
import type { TestConsole, TestPerson } from '../../../test/harness/console.ts'
import { startConsole } from '../../../test/harness/console.ts'
import type { TemporaryFolder } from '../../../test/harness/evidence.ts'
import { temporaryFolder } from '../../../test/harness/evidence.ts'
import { listAt, textAt, valueAt } from '../../lib/json/loose.ts'
import type { Role } from '../../model/people.ts'
import { until } from '../../../test/harness/until.ts'

const SECRET = 'Zebra-4711 grüßt'
const REASON = 'looking into incident 12'
/** Shaped like a token, known to no server. */
const UNKNOWN = `cpt_${'0'.repeat(49)}`

let console: TestConsole
let folder: TemporaryFolder
let people: Readonly<
  Record<'admin' | 'investigator' | 'approver' | 'auditor' | 'member', TestPerson>
>
let first = ''
let second = ''

before(async () => {
  console = await startConsole()
  folder = await temporaryFolder()
  const person = (role: Role) => console.person(`the ${role}`, [role])
  people = {
    admin: await person('admin'),
    investigator: await person('investigator'),
    approver: await person('approver'),
    auditor: await person('auditor'),
    member: await person('member'),
  }
  first = await console.chat(SECRET, { stream: true })
  second = await console.chat('another', { model: 'echo-2' })
})
after(async () => {
  await console[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const environment = (token: string) => ({
  CUSTODY_TOKEN: token,
  CUSTODY_SERVER: console.gateway.adminUrl,
})
const start = (token: string, ...args: readonly string[]) =>
  startCliWith(environment(token), ...args)
const as = (who: keyof typeof people, ...args: readonly string[]) =>
  runCliWith({ env: environment(people[who].token) }, ...args)
const here = (...args: readonly string[]) =>
  runCliWith({ env: {} }, ...args, '--data', console.gateway.folder)
const at = (json: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((at, key) => valueAt(at, key), json)

test('exchanges are listed as locally, in both forms, filtered, by --server and by environment', async () => {
  const table = await as('auditor', 'exchanges')
  assert.deepEqual({ err: table.err, code: table.code }, { err: '', code: 0 })
  assert.equal(table.out, (await here('exchanges')).out)
  const [local] = jsonLines((await here('exchanges', '--json')).out)
  const [remote] = jsonLines((await as('auditor', 'exchanges', '--json')).out)
  for (const [name, value] of Object.entries(remote ?? {})) assert.deepEqual(value, local?.[name])
  assert.ok(Object.keys(remote ?? {}).length > 25)
  const onlySecond =
    `--server ${console.gateway.adminUrl}/ --model echo-* --state complete --status 200 --since 1h`.split(
      ' ',
    )
  const filtered = await runCliWith(
    { env: { CUSTODY_TOKEN: people.auditor.token } },
    'exchanges',
    '--json',
    ...onlySecond,
  )
  assert.deepEqual(
    jsonLines(filtered.out).map(({ id }) => id),
    [second],
  )
  assert.equal(
    jsonLines((await as('auditor', 'exchanges', '--json', '--limit', '1')).out).length,
    1,
  )
  assert.match((await as('member', 'exchanges')).err, /no exchange matches/)
})

test('the folder is read when it is named, whatever the environment says', async () => {
  const ran = await as('member', 'exchanges', '--json', '--data', console.gateway.folder)
  assert.equal(jsonLines(ran.out).length, 2)
})

test('content is masked unless it is revealed, and shown like a local one when it is', async () => {
  const masked = await as('approver', 'show', first)
  assert.equal(masked.code, 0)
  assert.match(masked.err, /^note: the content is masked/)
  assert.match(masked.out, /^ {2}user, \d+ B\n {4}\| █████-████ █████$/m)
  assert.doesNotMatch(masked.out, /Zebra|4711/)
  const revealed = await as('investigator', 'show', first, '--reveal', '--reason', REASON)
  assert.match(revealed.err, /^revealed until .* UTC, recorded as rv_\w+\n$/)
  const local = await here('show', first)
  const withoutAddress = local.out.replace(/ at 127\.0\.0\.1\S*/, '')
  assert.equal(revealed.out, withoutAddress)
  assert.match(revealed.out, /\| Zebra-4711 grüßt/)
  assert.equal(await chatStatus(`cst_${'0'.repeat(49)}`), 401)
  const [refused] = jsonLines((await here('exchanges', '--json', '--state', 'refused')).out)
  const id = String(refused?.['id'])
  const there = await as('investigator', 'show', id, '--reveal', '--reason', REASON)
  assert.equal(there.out, (await here('show', id)).out)
  const trail = await people.auditor.call('GET', `/audit?target=${first}&limit=200`)
  const reasons = listAt(trail.body, 'items').map((event) => textAt(event, 'reason'))
  assert.ok(reasons.includes(REASON))
})

test('those who may not read content see the metadata, and are refused the rest', async () => {
  for (const who of ['auditor', 'admin'] as const) {
    const shown = await as(who, 'show', first)
    assert.equal(shown.code, 0)
    assert.match(shown.out, /^exchange +ex_\w+ +complete$/m)
    assert.doesNotMatch(shown.out, /^request|^answer/m)
    assert.match(shown.err, /^note: the content is not for your roles/)
    for (const args of [['--request'], ['--raw'], ['--reveal', '--reason', REASON]]) {
      const refused = await as(who, 'show', first, ...args)
      assert.deepEqual([refused.code, refused.out], [1, ''], `${who} ${args.join(' ')}`)
      assert.match(
        refused.err,
        /^error: Your roles do not permit this\. \(api\.forbidden\)\nhint: /,
      )
    }
  }
  const masked = await as('approver', 'show', first, '--reveal', '--reason', REASON)
  assert.deepEqual([masked.code, masked.out], [1, ''])
  const own = await console.chat('mine', { key: await console.keyFor('the member') })
  assert.match((await as('member', 'show', own)).out, /\| ████$/m)
  assert.match((await as('member', 'exchanges')).out, new RegExp(own))
  const foreign = await as('member', 'show', first)
  assert.deepEqual([foreign.code, foreign.out], [3, ''])
})

test('exact bytes need a reveal', async () => {
  await using other = await startConsole()
  const ivy = await other.person('ivy', ['investigator'])
  const id = await other.chat(SECRET)
  const env = { CUSTODY_TOKEN: ivy.token, CUSTODY_SERVER: other.gateway.adminUrl }
  const raw = ['show', id, '--raw', '--request']
  const refused = await runCliWith({ env }, ...raw)
  assert.deepEqual([refused.code, refused.out], [1, ''])
  assert.match(refused.err, /api\.reveal-required\)\nhint: add --reveal --reason TEXT/)
  const body = (await other.gateway.recorded(id)).requestBody
  const revealed = await runCliWith({ env }, ...raw, '--reveal', '--reason', REASON)
  assert.deepEqual(revealed.bytes, body)
  assert.deepEqual((await runCliWith({ env }, ...raw)).bytes, body)
  const whole = await runCliWith({ env }, 'show', id, '--raw')
  const local = await runCliWith({ env: {} }, 'show', id, '--raw', '--data', other.gateway.folder)
  assert.deepEqual(whole.bytes, local.bytes)
})

test('a short reason and options that make no sense together are usage errors', async () => {
  for (const args of [
    ['show', first, '--reveal', '--reason', 'no'],
    ['show', first, '--reveal'],
    ['show', first, '--reason', REASON],
    ['show', first, '--reveal', '--reason', REASON, '--data', console.gateway.folder],
    ['exchanges', '--server', console.gateway.adminUrl, '--data', console.gateway.folder],
    ['exchanges', '--server', 'ftp://127.0.0.1'],
    ['exchanges', '--server', 'http://me:secret@127.0.0.1'],
    ['exchanges', '--server', ''],
    ['show', 'nothing'],
  ]) {
    const ran = await as('investigator', ...args)
    assert.deepEqual([ran.code, ran.out], [2, ''], args.join(' '))
    assert.match(ran.err, /^error: /)
    assert.ok(!ran.err.includes('secret'))
  }
})

test('JSON has the fields of the local document', async () => {
  const revealing = ['--reveal', '--reason', REASON]
  const [local] = jsonLines((await here('show', first, '--json')).out)
  const ran = await as('investigator', 'show', first, '--json', ...revealing)
  const [remote] = jsonLines(ran.out)
  for (const path of [
    ['request', 'body'],
    ['request', 'blocks'],
    ['request', 'head'],
    ['answer', 'head'],
    ['answer', 'body'],
    ['answer', 'chunks'],
    ['answer', 'view', 'text'],
    ['facts', 'principal', 'id'],
    ['facts', 'surface'],
    ['facts', 'tags'],
    ['closing', 'usage'],
    ['closing', 'finishReason'],
    ['problems'],
  ]) {
    assert.notEqual(at(remote, ...path), undefined, path.join('.'))
    assert.deepEqual(at(remote, ...path), at(local, ...path), path.join('.'))
  }
  for (const name of ['facts', 'closing']) {
    const [here, there] = [at(local, name), at(remote, name)]
    assert.ok(typeof there === 'object' && there !== null && Object.keys(there).length > 10)
    assert.partialDeepStrictEqual(here, there)
  }
  assert.equal(remote?.['content'], 'revealed')
  const masked = await as('approver', 'show', first, '--json')
  assert.equal(jsonLines(masked.out)[0]?.['content'], 'masked')
  assert.doesNotMatch(masked.out, /Zebra/)
  assert.equal(at(jsonLines((await as('admin', 'show', first, '--json')).out)[0], 'request'), null)
})

test('replay plays masked, or as it was under a reveal', async () => {
  const masked = await as('approver', 'replay', first, '--speed', '1000')
  assert.equal(masked.code, 0)
  assert.match(masked.out, /█/)
  assert.doesNotMatch(masked.out, /Zebra/)
  const revealing = ['--reveal', '--reason', REASON]
  const revealed = await as('investigator', 'replay', first, '--speed', '1000', ...revealing)
  assert.equal(revealed.out, (await here('replay', first, '--speed', '1000')).out)
  const json = await as('investigator', 'replay', first, '--json', ...revealing)
  assert.equal(json.out, (await here('replay', first, '--json')).out)
  assert.equal((await as('auditor', 'replay', first)).code, 1)
})

const chatStatus = async (key: string): Promise<number> => {
  const answer = await fetch(`${console.gateway.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: 'x' }] }),
  })
  await answer.arrayBuffer()
  return answer.status
}

/** Last uses are written every few seconds; until then two lists of the same keys may differ. */
async function untilLastUseIsWritten(id: string): Promise<void> {
  await until(
    async () => {
      const rows = jsonLines((await here('keys', 'list', '--json')).out)
      return rows.find((row) => row['id'] === id)?.['lastUsedAtMs'] !== null
    },
    () => 'the last use was not written',
  )
}

test('a key made remotely works until it is revoked remotely', async () => {
  const made = await as('admin', 'keys', 'create', '--name', 'ci', '--owner', 'ada', '--json')
  assert.equal(made.code, 0, made.err)
  const [key] = jsonLines(made.out)
  const id = String(key?.['id'])
  const text = String(key?.['key'])
  assert.equal(key?.['state'], 'active')
  assert.equal(await chatStatus(text), 200)
  await untilLastUseIsWritten(id)
  const listed = await as('admin', 'keys', 'list', '--json')
  assert.deepEqual(listed.out, (await here('keys', 'list', '--json')).out)
  assert.ok(!listed.out.includes(text))
  assert.equal((await as('admin', 'keys', 'list')).out, (await here('keys', 'list')).out)
  const revoked = await as('admin', 'keys', 'revoke', id)
  assert.deepEqual([revoked.code, revoked.out], [0, `revoked ${id}\n`])
  assert.equal(await chatStatus(text), 401)
  const again = await as('admin', 'keys', 'revoke', id)
  assert.equal(again.code, 3)
  assert.match(again.err, /^error: the key was revoked before/)
  assert.equal((await as('admin', 'keys', 'revoke', 'key_unknown')).code, 3)
})

test('keys are made by admins, and checked as locally', async () => {
  const make = ['keys', 'create', '--owner', 'ada']
  assert.equal((await as('auditor', ...make, '--name', 'x')).code, 1)
  const refused = await as('admin', ...make, '--name', '')
  assert.deepEqual([refused.code, refused.out], [2, ''])
  assert.match(refused.err, /name is empty/)
})

test('tail shows an exchange live, after those that were asked for', async () => {
  const args = ['tail', '--json', '--model', 'echo', '--since', '1h']
  await using running = start(people.auditor.token, ...args)
  await running.until(first)
  const id = await console.chat('live one')
  await running.until(id)
  running.kill('SIGINT')
  const { out, code } = await running.ended
  assert.equal(code, 0)
  const rows = jsonLines(out).map((row) => `${String(row['id'])} ${String(row['state'])}`)
  assert.ok(!rows.some((row) => row.startsWith(second)))
  assert.equal(new Set(rows).size, rows.length)
})

interface FakeServer extends AsyncDisposable {
  readonly url: string
}

async function serve(listener: RequestListener): Promise<FakeServer> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has this address
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('tail takes a broken stream up again where it broke off', async () => {
  const row = jsonLines((await as('auditor', 'exchanges', '--json', '--limit', '1')).out)[0]
  const asked: (string | undefined)[] = []
  await using server = await serve((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://server.test')
    if (pathname !== '/api/v1/exchanges/live') {
      response.end('{"items":[],"next":null}')
      return
    }
    asked.push(request.headers['last-event-id']?.toString())
    const id = `ex_${String(asked.length).padStart(26, '0')}`
    response.write('event: ready\nid: 1.\ndata: {}\n\n')
    response.write(
      `event: exchange\nid: ${asked.length + 1}.${id}\ndata: ${JSON.stringify({ ...row, id })}\n\n`,
      () => response.destroy(),
    )
  })
  await using running = startCliWith(
    { CUSTODY_TOKEN: UNKNOWN },
    'tail',
    '--json',
    '--server',
    server.url,
  )
  await running.until(`ex_${'3'.padStart(26, '0')}`)
  running.kill('SIGINT')
  const { err, code } = await running.ended
  assert.equal(code, 0)
  assert.match(err, /warning: the connection was lost; trying again in 0\.5 s/)
  assert.deepEqual(asked.slice(0, 3), [
    undefined,
    `2.ex_${'1'.padStart(26, '0')}`,
    `3.ex_${'2'.padStart(26, '0')}`,
  ])
})

test('tokens that are wrong, expired or revoked are not accepted', async () => {
  const roles = ['auditor']
  const create = (body: object) => people.auditor.byCookie('POST', '/tokens', { body })
  const expired = await create({ name: 'short', roles, expiresInMs: 1 })
  const revoked = await create({ name: 'gone', roles })
  assert.equal(expired.status, 201, expired.text)
  await people.auditor.byCookie('DELETE', `/tokens/${revoked.body.token.id}`)
  for (const token of [UNKNOWN, expired.body.text, revoked.body.text]) {
    for (const args of [['exchanges'], ['show', first], ['keys', 'list'], ['tail']]) {
      const ran = await runCliWith({ env: environment(token) }, ...args)
      assert.deepEqual([ran.code, ran.out], [1, ''], args.join(' '))
      assert.match(ran.err, /error: .* does not accept the token \(api\.unauthenticated\)\nhint: /)
      assert.ok(!ran.err.includes(token))
    }
  }
})

test('a token comes from a file or the environment, never as an argument, and nothing else is sent', async () => {
  const file = join(folder.path, 'token')
  await writeFile(file, `${people.auditor.token}\n`)
  const server = ['--server', console.gateway.adminUrl]
  const fromFile = await runCliWith({ env: {} }, 'exchanges', ...server, '--token-file', file)
  assert.equal(fromFile.code, 0, fromFile.err)
  for (const args of [
    ['--token', people.auditor.token],
    [`--token=${people.auditor.token}`],
    ['--token'],
  ]) {
    const ran = await as('auditor', 'exchanges', ...args)
    assert.deepEqual([ran.code, ran.out], [2, ''])
    assert.match(ran.err, /never given as an argument.*\nhint: .*CUSTODY_TOKEN.*--token-file/)
    assert.ok(!ran.err.includes(people.auditor.token))
  }
  await writeFile(file, '')
  const heard: string[] = []
  await using stranger = await serve((request, response) => {
    heard.push(request.url ?? '')
    response.end()
  })
  const there = ['exchanges', '--server', stranger.url]
  for (const [env, args] of [
    [{}, there],
    [{ CUSTODY_TOKEN: 'sk-provider-key' }, there],
    [{ CUSTODY_TOKEN: console.gateway.key }, there],
    [{ CUSTODY_TOKEN: UNKNOWN }, [...there, '--token-file', file]],
    [{ CUSTODY_TOKEN: UNKNOWN }, [...there, '--token-file', join(folder.path, 'none')]],
    [{ CUSTODY_TOKEN: UNKNOWN }, ['exchanges', '--token-file', file]],
  ] as const) {
    const ran = await runCliWith({ env }, ...args)
    assert.deepEqual([ran.code, ran.out], [2, ''], args.join(' '))
    assert.ok(!ran.err.includes('sk-provider-key') && !ran.err.includes(console.gateway.key))
  }
  assert.deepEqual(heard, [])
})

test('clear text goes to this machine only, unless it is asked for', async () => {
  const env = { CUSTODY_TOKEN: UNKNOWN }
  for (const url of ['http://custody.test:1', 'http://127.evil.test:1', 'http://192.0.2.1:1']) {
    const ran = await runCliWith({ env }, 'exchanges', '--server', url)
    assert.equal(ran.code, 2, url)
    assert.match(ran.err, /in clear text\nhint: use https/)
  }
  for (const url of ['http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1']) {
    const ran = await runCliWith({ env }, 'exchanges', '--server', url)
    assert.deepEqual([ran.code, ran.out], [1, ''], url)
    assert.match(ran.err, /^error: http:\S+ cannot be reached: \w+.*\nhint: check --server/)
  }
  const asked = ['--server', 'http://name.invalid:1', '--insecure-http']
  assert.equal((await runCliWith({ env }, 'exchanges', ...asked)).code, 1)
})

test('a server that is none, or leads elsewhere, is named and not followed', async () => {
  const heard: string[] = []
  await using elsewhere = await serve((request, response) => {
    heard.push(request.url ?? '')
    response.end('{}')
  })
  const answers: readonly RequestListener[] = [
    (_request, response) => response.writeHead(302, { location: elsewhere.url }).end(),
    (_request, response) => response.end('<html>'),
    (_request, response) => response.end('{"items":[{"id":1}],"next":null}'),
    (_request, response) => response.writeHead(500).end('oh\u001b[2J'),
  ]
  for (const answer of answers) {
    await using server = await serve(answer)
    const ran = await runCliWith(
      { env: { CUSTODY_TOKEN: UNKNOWN } },
      'exchanges',
      '--server',
      server.url,
    )
    assert.deepEqual([ran.code, ran.out], [1, ''])
    assert.match(ran.err, /^error: http\S+ answers .*\nhint: check that --server names/)
    assert.ok(!ran.err.includes('\u001b'))
  }
  const proxy = await as('auditor', 'exchanges', '--server', console.gateway.url)
  assert.equal(proxy.code, 1)
  assert.deepEqual(heard, [])
})
