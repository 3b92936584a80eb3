import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { approvalGateway } from '../../test/harness/approval-gateway.ts'
import type { ApprovalGateway } from '../../test/harness/approval-gateway.ts'
import { jsonLines, runCliWith } from '../../test/harness/cli.ts'
import type { TestPerson } from '../../test/harness/console.ts'
import { temporaryFolder } from '../../test/harness/evidence.ts'
import { until } from '../../test/harness/until.ts'

const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
const REASON = 'the receiver has no room for it'

const stack = new AsyncDisposableStack()
let gateway: ApprovalGateway
let auditor: TestPerson
let investigator: TestPerson
let folder = ''
let url = ''
/** Ids of what the receiver took. */
const taken: string[] = []
const bodies: string[] = []
let refuses: (id: string) => number | null = () => null

before(async () => {
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      const id = String(request.headers['webhook-id'])
      const refused = refuses(id)
      bodies.push(body)
      if (refused === null) taken.push(id)
      response.writeHead(refused ?? 204).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stack.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  url = `127.0.0.1:${address.port}`
  const scratch = stack.use(await temporaryFolder())
  folder = scratch.path
  gateway = stack.use(
    await approvalGateway({
      folder,
      env: { HOOK: SECRET },
      yaml: `exports: { webhooks: { siem: { url: 'http://${url}/in', secret: '\${HOOK}' } } }
approvals: { webhooks: { soc: { url: 'http://${url}/hook', secret: '\${HOOK}' } } }
`,
    }),
  )
  auditor = await gateway.console.person('anna', ['auditor'])
  investigator = await gateway.console.person('ida', ['investigator'])
  await until(async () => (await check()) === 'ok')
})
after(() => stack.disposeAsync())

const check = async () =>
  (await gateway.console.admin('GET', '/status')).body.checks['export webhook-siem']
const list = async () => {
  const answer = await auditor.call('GET', '/dead-letters')
  assert.equal(answer.status, 200, answer.text)
  return answer
}
const idsNow = async (): Promise<readonly string[]> =>
  (await list()).body.items.map(({ id }: { id: string }) => id)
const act = (what: 'retry' | 'drop', body: object, call = gateway.console.admin) =>
  call('POST', `/dead-letters/${what}`, { body })
const letterOf = (exchange: string): string => `event/webhook-siem/${exchange}.closed`
const timesTaken = (id: string): number => taken.filter((one) => one === id).length

async function refusedChats(count: number): Promise<readonly string[]> {
  refuses = (id) => (id.endsWith('.closed') ? 422 : null)
  const exchanges: string[] = []
  for (let n = 0; n < count; n += 1)
    exchanges.push(await gateway.console.chat(`Zebra-4711 number ${n}`))
  await until(async () => {
    const ids = await idsNow()
    return exchanges.every((exchange) => ids.includes(letterOf(exchange)))
  })
  return exchanges
}

/** As after a day of failures. */
async function givenUp(holds: (ids: readonly string[]) => boolean): Promise<void> {
  await until(async () => {
    {
      using raw = new DatabaseSync(join(folder, 'data', 'control.db'), { timeout: 30_000 })
      raw.exec("update notices set attempts = 8, due_at_ms = 0 where state = 'due'")
    }
    return holds(await idsNow())
  })
}

test('a letter that fails again comes back; taken at last, it is delivered once and is gone', async () => {
  const [first = '', second = ''] = await refusedChats(2)
  const ids = [letterOf(first), letterOf(second)]
  const { body, text } = await list()
  const letter = body.items.find(({ id }: { id: string }) => id === ids[0])
  assert.ok(Math.abs(Date.now() - letter.sinceMs) < 600_000)
  assert.deepEqual(letter, {
    id: ids[0],
    kind: 'event',
    receiver: 'webhook-siem',
    type: 'exchange.closed',
    about: `${first}.closed`,
    attempts: 1,
    error: 'status 422',
    sinceMs: letter.sinceMs,
  })
  assert.equal(body.total, 2)
  for (const secret of ['Zebra', url, 'whsec_', 'echo', SECRET.slice(6)])
    assert.ok(!text.includes(secret), secret)

  const again = await act('retry', { ids: [...ids, 'event/webhook-siem/nothing'] })
  assert.equal(again.status, 200, again.text)
  assert.deepEqual(again.body.done.toSorted(), ids.toSorted())
  assert.deepEqual(again.body.unknown, ['event/webhook-siem/nothing'])
  await until(async () => {
    const { items } = (await list()).body
    return items.length === 2 && items.every((one: { attempts: number }) => one.attempts === 2)
  })
  assert.deepEqual([timesTaken(`${first}.closed`), await check()], [0, '2 dead letters'])

  refuses = () => null
  assert.equal((await act('retry', { ids: [letterOf(first)] })).status, 200)
  await until(async () => (await check()) === '1 dead letters')
  assert.deepEqual(await idsNow(), [letterOf(second)])
  assert.equal((await act('retry', { ids: [letterOf(first)] })).status, 404)
  // What comes later passes behind it.
  const later = await gateway.console.chat('later')
  await until(() => timesTaken(`${later}.closed`) === 1)
  assert.equal(timesTaken(`${first}.closed`), 1)
  const sent = bodies.filter((one) => one.includes(`"${first}.closed"`))
  // Whatever it was sent with: under one id, with one text.
  assert.ok(sent.length >= 3, String(sent.length))
  assert.equal(new Set(sent).size, 1)
  assert.equal((await act('drop', { ids: [letterOf(second)], reason: REASON })).status, 200)
})

test('a letter is dropped with a reason that the trail keeps, and never sent', async () => {
  const [dropped = '', kept = ''] = await refusedChats(2)
  const ids = [letterOf(dropped)]
  refuses = () => null
  for (const body of [
    { ids },
    { ids, reason: '' },
    { ids, reason: '          ' },
    { ids, reason: 'short' },
    { ids: [], reason: REASON },
    { ids: [''], reason: REASON },
    { ids: 'all', reason: REASON },
    { ids, reason: REASON, more: 1 },
  ])
    assert.equal((await act('drop', body)).status, 422, JSON.stringify(body))
  for (const unknown of ['nothing', 'event/nobody/x', 'notice/x', `event/webhook-siem/${dropped}`])
    assert.equal((await act('drop', { ids: [unknown], reason: REASON })).status, 404, unknown)
  assert.equal((await idsNow()).length, 2)
  const done = await act('drop', { ids, reason: REASON })
  assert.deepEqual([done.status, done.body], [200, { done: ids, unknown: [] }])
  assert.deepEqual(await idsNow(), [letterOf(kept)])
  const file = join(folder, 'data', 'exports', 'webhook-siem', 'dead.jsonl')
  assert.ok(!(await readFile(file, 'utf8')).includes(dropped))
  assert.equal((await act('retry', { ids })).status, 404)
  assert.equal((await act('retry', { ids: [letterOf(kept)] })).status, 200)
  await until(() => timesTaken(`${kept}.closed`) === 1)
  assert.equal(timesTaken(`${dropped}.closed`), 0)
  const trail = (await auditor.call('GET', '/audit?limit=200')).body.items
  const event = trail.find(
    (one: { operation: string; outcome: string; target: string }) =>
      one.operation === 'dead-letters.drop' && one.outcome === 'done' && one.target === ids[0],
  )
  assert.equal(event.reason, REASON)
  assert.deepEqual(event.details, { letters: 1, ids: ids[0] })
})

test('only admins act, only admins and auditors see', async () => {
  const [exchange = ''] = await refusedChats(1)
  const ids = [letterOf(exchange)]
  for (const { call } of [auditor, investigator])
    for (const [what, body] of [
      ['retry', { ids }],
      ['drop', { ids, reason: REASON }],
    ] as const)
      assert.equal((await act(what, body, call)).body.code, 'api.forbidden', what)
  assert.equal((await investigator.call('GET', '/dead-letters')).status, 403)
  assert.equal((await gateway.console.stranger('GET', '/dead-letters')).status, 401)
  assert.deepEqual(await idsNow(), ids)
  assert.equal((await act('drop', { ids, reason: REASON })).status, 200)
})

test('a notice that was given up is told once when it is retried, and never when it is dropped', async () => {
  refuses = (id) => (id.startsWith('ap_') ? 503 : null)
  const call = gateway.ask('notes about project bluebird')
  const { id } = await gateway.pending()
  const letter = `notice/${id}.0.webhook soc`
  await givenUp((ids) => ids.includes(letter))
  const { body, text } = await list()
  const { sinceMs: _since, attempts, ...rest } = body.items[0]
  assert.ok(attempts >= 8, String(attempts))
  assert.deepEqual(rest, {
    id: letter,
    kind: 'notice',
    receiver: 'webhook soc',
    type: 'approval.created',
    about: id,
    error: 'status 503',
  })
  for (const secret of ['bluebird', url, 'whsec_']) assert.ok(!text.includes(secret), secret)
  assert.equal((await act('retry', { ids: [letter] })).status, 200)
  await until(async () => (await list()).body.items[0]?.attempts === attempts + 1)
  refuses = () => null
  assert.equal((await act('retry', { ids: [letter] })).status, 200)
  const name = `${id}.0.webhook-soc`
  await until(() => timesTaken(name) === 1)
  assert.equal((await act('retry', { ids: [letter] })).status, 404)

  refuses = (one) => (one.startsWith('ap_') ? 503 : null)
  await gateway.decide(id, { choice: 'deny', reason: 'no' })
  await call
  await givenUp((ids) => ids.length === 2)
  const others = await idsNow()
  const dropped = await act('drop', { ids: others, reason: REASON })
  assert.deepEqual(dropped.body.done.toSorted(), others.toSorted())
  refuses = () => null
  const last = await gateway.console.chat('the last')
  await until(() => timesTaken(`${last}.closed`) === 1)
  assert.deepEqual(
    taken.filter((one) => one.startsWith('ap_')),
    [name],
  )
  assert.deepEqual(await idsNow(), [])
})

test('matches that an alert could not tell are letters as well, and the command line acts on all', async () => {
  refuses = (id) => (id.startsWith('al_') ? 503 : null)
  const body = { name: 'birds', q: 'model:pterodactyl', channel: 'webhook soc' }
  assert.equal((await investigator.call('POST', '/alerts', { body })).status, 201)
  const exchange = await gateway.console.chat('hello', { model: 'pterodactyl' })
  const waiting = async () => (await list()).body.items
  await until(async () => {
    {
      using raw = new DatabaseSync(join(folder, 'data', 'control.db'), { timeout: 30_000 })
      raw.exec('update search_alerts set attempts = 7, retry_at_ms = 0')
    }
    return (await waiting()).length === 1
  })
  const [letter] = await waiting()
  assert.match(letter.id, /^alert\/al_/)
  assert.deepEqual(
    [letter.kind, letter.receiver, letter.type, letter.error],
    ['alert', 'webhook soc', 'search.matched', 'status 503'],
  )

  const { token } = await gateway.console.person('carla', ['admin'])
  const env = { CUSTODY_SERVER: gateway.console.gateway.adminUrl, CUSTODY_TOKEN: token }
  const run = (...args: readonly string[]) => runCliWith({ env }, 'dead-letters', ...args)
  assert.deepEqual(jsonLines((await run('--json')).out), [letter])
  assert.match(
    (await run()).out,
    /^ID +RECEIVER.*\nalert\/al_.* webhook soc +search\.matched +status 503/,
  )
  assert.deepEqual(jsonLines((await run('show', letter.id, '--json')).out), [letter])
  assert.match((await run('show', letter.id)).out, /failed {4}status 503, \d+ attempts/)
  for (const [args, code, words] of [
    [['show', 'nothing'], 3, /no such dead letter/],
    [['retry'], 2, /give ids, or --all, or --receiver/],
    [['retry', letter.id, '--all'], 2, /give ids/],
    [['retry', 'nothing'], 3, /api\.not-found/],
    [['retry', '--receiver', 'nobody'], 3, /no such dead letter waits/],
    [['drop', letter.id], 2, /--reason takes at least ten/],
    [['drop', letter.id, '--reason', 'short'], 2, /--reason takes at least ten/],
  ] as const) {
    const said = await run(...args)
    assert.equal(said.code, code, args.join(' ') + said.err)
    assert.match(said.err, words)
  }
  // One of two is not there: what could be done is done, and the exit code says that something was not.
  const partly = await run('retry', letter.id, 'alert/nothing')
  assert.deepEqual([partly.code, partly.out], [3, `${letter.id} is sent again\n`], partly.err)
  await until(async () => (await waiting())[0]?.attempts === letter.attempts + 1)
  refuses = () => null
  assert.equal((await run('retry', '--receiver', 'webhook soc', '--json')).code, 0)
  await until(() => taken.includes(letter.id.slice('alert/'.length)))
  await until(async () => (await waiting()).length === 0)
  assert.equal(
    bodies.filter((one) => one.includes('search.matched') && one.includes(exchange)).length >= 3,
    true,
  )
  assert.match((await run()).err, /no dead letter waits/)

  const [event = ''] = await refusedChats(1)
  const dropped = await run('drop', '--all', '--reason', REASON)
  assert.equal(dropped.out, `${letterOf(event)} is dropped\n`, dropped.err)
  refuses = () => null
  assert.deepEqual(await waiting(), [])
})
