import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { jsonLines, runCliWith } from '../../test/harness/cli.ts'
import type { TestConsole, TestPerson } from '../../test/harness/console.ts'
import { startConsole } from '../../test/harness/console.ts'
import { temporaryFolder } from '../../test/harness/evidence.ts'
import { alertRow } from '../../test/store/seeking-contract.ts'
import { openStore } from '../store/store.ts'

let console: TestConsole
let ida: TestPerson
let other: TestPerson
const channel = 'webhook soc'

before(async () => {
  console = await startConsole({
    yaml: "approvals: { webhooks: { soc: { url: 'http://127.0.0.1:9/', secret: '${HOOK}' } } }\n",
    env: { HOOK: 'whsec_c2VjcmV0c2VjcmV0c2VjcmV0' },
  })
  ida = await console.person('ida', ['investigator'])
  other = await console.person('otto', ['investigator'])
})
after(() => console[Symbol.asyncDispose]())

const save = (query: string, page = 'exchanges') =>
  ida.call('POST', '/views', { body: { name: 'keys of ci', page, query } })
const alert = (body: object, who = ida) =>
  who.call('POST', '/alerts', { body: { channel, ...body } })
const alerts = async () => (await ida.call('GET', '/alerts')).body.items

test('an alert hangs on a saved search: a rename and another query follow, and deleting says what stops', async () => {
  const view = await save('q=entity%3AAPI_KEY&cols=time')
  assert.deepEqual(view.body.alerts, [])
  const set = await alert({ view: view.body.id })
  assert.equal(set.status, 201, set.text)
  assert.deepEqual(
    [set.body.name, set.body.q, set.body.view],
    ['keys of ci', 'entity:API_KEY', view.body.id],
  )
  const path = `/views/${view.body.id}`
  const change = (body: object, etag = '"1"') =>
    ida.call('PATCH', path, { body, headers: { 'if-match': etag } })
  const renamed = await change({ name: 'cards', query: 'q=entity%3ACARD' }, view.body.etag)
  assert.equal(renamed.status, 200, renamed.text)
  assert.deepEqual(renamed.body.alerts, [{ id: set.body.id, channel, enabled: true }])
  const [followed] = await alerts()
  assert.deepEqual([followed.name, followed.q], ['cards', 'entity:CARD'])
  for (const query of ['', 'q=', 'q=nonsense%3A1', 'cols=time'])
    assert.equal((await change({ query }, renamed.body.etag)).status, 422, query)
  const elsewhere = await change({ page: 'findings' }, renamed.body.etag)
  assert.equal(elsewhere.status, 422)
  const refused = await ida.call('DELETE', path)
  assert.equal(refused.status, 409)
  assert.match(refused.body.detail, /an alert stops that tells webhook soc/)
  assert.equal((await alerts()).length, 1)
  assert.equal((await ida.call('DELETE', `${path}?alerts=stop`)).status, 204)
  assert.deepEqual(await alerts(), [])
})

test('a query that is watched is saved with its alert; taking the alert away leaves it', async () => {
  const set = await alert({ name: 'failures', q: 'status:5xx' })
  assert.equal(set.status, 201, set.text)
  const views = async () => (await ida.call('GET', '/views')).body.items
  const [saved] = (await views()).filter(({ id }: { id: string }) => id === set.body.view)
  assert.deepEqual(
    [saved.name, saved.query, saved.alerts.length],
    ['failures', 'q=status%3A5xx', 1],
  )
  assert.equal((await ida.call('DELETE', `/alerts/${set.body.id}`)).status, 204)
  const [left] = (await views()).filter(({ id }: { id: string }) => id === set.body.view)
  assert.deepEqual(left.alerts, [])
  await ida.call('DELETE', `/views/${set.body.view}`)
})

test('what cannot be watched, and what is somebody else’s, is refused', async () => {
  const own = (await save('q=status%3A5xx')).body.id
  const everything = (await save('cols=time')).body.id
  const found = (await save('q=status%3A5xx', 'findings')).body.id
  for (const body of [
    {},
    { name: 'a' },
    { q: 'status:5xx' },
    { view: own, name: 'a', q: 'status:5xx' },
    { view: everything },
    { view: found },
    { view: 'sv_nothing' },
    { view: own, channel: 'https://evil.test' },
    { name: 'a', q: 'nonsense:1' },
  ])
    assert.equal((await alert(body)).status, 422, JSON.stringify(body))
  assert.equal((await alert({ view: own }, other)).status, 422)
  assert.deepEqual(await alerts(), [])
})

test('the command line lists alerts, hangs one on a saved search by its name, and takes it away', async () => {
  const cli = (...args: readonly string[]) =>
    runCliWith(
      { env: { CUSTODY_TOKEN: ida.token, CUSTODY_SERVER: console.gateway.adminUrl } },
      ...args,
    )
  await ida.call('POST', '/views', {
    body: { name: 'slow ones', page: 'exchanges', query: 'q=duration%3A%3E30s' },
  })
  const none = await cli('alerts')
  assert.match(
    none.err,
    /no alert is set\nchannels: webhook soc\nsaved searches of yours: .*slow ones/,
  )
  const set = await cli(
    'alerts',
    'set',
    '--saved',
    'slow ones',
    '--channel',
    channel,
    '--every',
    '1h',
  )
  assert.deepEqual([set.code, set.err], [0, ''])
  const [id = ''] = set.out.split(' ')
  const [listed] = jsonLines((await cli('alerts', '--json')).out)
  assert.deepEqual(
    [listed?.['id'], listed?.['q'], listed?.['everyMs']],
    [id, 'duration:>30s', 3_600_000],
  )
  for (const args of [
    ['set', '--saved', 'nobody', '--channel', channel],
    ['set', '--channel', channel],
    ['set', 'status:5xx', '--channel', channel],
    ['set', 'status:5xx', '--name', 'x'],
    ['set', 'status:5xx', '--name', 'x', '--channel', channel, '--every', 'never'],
  ])
    assert.equal((await cli('alerts', ...args)).code, 2, args.join(' '))
  assert.equal((await cli('alerts', 'remove', id)).code, 0)
  assert.equal((await cli('alerts', '--json')).out, '')
})

test('alerts from before searches were saved with them are given one each', async () => {
  await using folder = await temporaryFolder()
  const open = () => openStore({ kind: 'sqlite', folder: folder.path })
  {
    await using store = await open()
    await store.control.searchAlerts.insert(alertRow(1))
    await store.control.searchAlerts.insert(alertRow(2, { q: 'model:a&b=c', name: 'Löwe' }))
  }
  {
    using raw = new DatabaseSync(join(folder.path, 'control.db'))
    raw.exec('drop index search_alerts_view')
    raw.exec('alter table search_alerts drop column view')
    const ledger = raw
      .prepare("select name from sqlite_master where name like '%migrations%'")
      .get()
    raw.exec(`delete from "${String(ledger?.['name'])}" where name = '145-alert-views'`)
  }
  await using store = await open()
  const { views, searchAlerts } = store.control
  const [first, second] = await searchAlerts.list()
  assert.ok(first !== undefined && second !== undefined)
  assert.deepEqual(
    [first, second],
    [
      alertRow(1, { view: first.view }),
      alertRow(2, { q: 'model:a&b=c', name: 'Löwe', view: second.view }),
    ],
  )
  const saved = await views.ofPerson('per_1')
  assert.deepEqual(
    saved.map(({ id, name, page, query }) => [id, name, page, new URLSearchParams(query).get('q')]),
    [first, second].map(({ view, name, q }) => [view, name, 'exchanges', q]),
  )
})
