import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { caller, startConsole } from '../../../test/harness/console.ts'
import type { Answer, Call, TestConsole } from '../../../test/harness/console.ts'

let console: TestConsole
let scim: Call
let base = ''

before(async () => {
  console = await startConsole({
    yaml: `login:
  breakGlass: [root]
  scim:
    roles: { investigator: [Responders], auditor: [Audit] }
`,
  })
  const made = await console.admin('POST', '/scim-clients', { body: { name: 'okta' } })
  assert.equal(made.status, 201, made.text)
  base = made.body.url
  scim = caller(base, {
    authorization: `Bearer ${made.body.text}`,
    'content-type': 'application/scim+json',
  })
})
after(() => console[Symbol.asyncDispose]())

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User'
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

const send = (method: string, path: string, body?: unknown, headers = {}): Promise<Answer> =>
  scim(method, path, {
    ...(body === undefined ? {} : { body }),
    headers: { 'content-type': 'application/scim+json', ...headers },
  })
const patch = (path: string, ...Operations: unknown[]): Promise<Answer> =>
  send('PATCH', path, { schemas: [PATCH], Operations })

async function provisioned(userName: string, more: object = {}): Promise<string> {
  const made = await send('POST', '/Users', { schemas: [USER], userName, active: true, ...more })
  assert.equal(made.status, 201, made.text)
  return made.body.id
}
const personOf = async (id: string) => (await console.admin('GET', `/people/${id}`)).body
const query = (filter: string): string => `/Users?filter=${encodeURIComponent(filter)}`
const names = async (filter: string): Promise<readonly string[]> => {
  const answer = await scim('GET', query(filter))
  assert.equal(answer.status, 200, `${filter}: ${answer.text}`)
  return answer.body.Resources.map(({ userName }: { userName: string }) => userName).toSorted()
}

test('nobody provisions without a token that is in force, and that token opens nothing else', async () => {
  const made = await console.admin('POST', '/scim-clients', { body: { name: 'old' } })
  const headers = { authorization: `Bearer ${made.body.text}` }
  assert.equal((await caller(base, headers)('GET', '/Users')).status, 200)
  assert.equal((await caller(console.api, headers)('GET', '/me')).status, 401)
  await console.admin('POST', `/scim-clients/${made.body.client.id}/revoke`)
  for (const authorization of [
    headers.authorization,
    '',
    'Bearer',
    'Basic YTpi',
    `Bearer ${console.gateway.key}`,
    `Bearer csc_${'a'.repeat(49)}`,
  ]) {
    const answer = await caller(base, { authorization })('GET', '/Users')
    assert.equal(answer.status, 401)
    assert.match(answer.headers.get('content-type') ?? '', /scim\+json/)
    assert.equal(answer.body.schemas[0], 'urn:ietf:params:scim:api:messages:2.0:Error')
  }
})

test('the token is stored as a hash and shown once', async () => {
  const listed = await console.admin('GET', '/scim-clients')
  assert.doesNotMatch(listed.text, /csc_\w{20}/)
  assert.equal(listed.body.items[0].createdBy.length > 0, true)
})

test('discovery says what is served', async () => {
  const config = await scim('GET', '/ServiceProviderConfig')
  assert.equal(config.body.patch.supported, true)
  assert.equal(config.body.bulk.supported, false)
  const types = await scim('GET', '/ResourceTypes')
  assert.deepEqual(
    types.body.Resources.map(({ endpoint }: { endpoint: string }) => endpoint),
    ['/Users', '/Groups'],
  )
  assert.equal((await scim('GET', `/Schemas/${USER}`)).body.name, 'User')
  assert.equal((await scim('GET', '/Schemas/nothing')).status, 404)
})

test('Okta: look for, create, update, deactivate, and bring back', async () => {
  assert.equal((await scim('GET', query('userName eq "olga@example.com"'))).body.totalResults, 0)
  const id = await provisioned('olga@example.com', {
    externalId: '00u1',
    name: { givenName: 'Olga', familyName: 'Ng' },
    emails: [{ primary: true, value: 'olga@example.com', type: 'work' }],
    password: 'not-to-be-kept',
    groups: [],
  })
  const read = await scim('GET', `/Users/${id}`)
  assert.equal(read.body.userName, 'olga@example.com')
  assert.doesNotMatch(read.text, /not-to-be-kept/)
  assert.equal((await personOf(id)).name, 'Olga Ng')
  const put = await send('PUT', `/Users/${id}`, {
    ...read.body,
    name: { givenName: 'Olga', familyName: 'Nguyen' },
  })
  assert.equal(put.status, 200, put.text)
  assert.equal((await personOf(id)).name, 'Olga Nguyen')
  const off = await patch(`/Users/${id}`, { op: 'replace', value: { active: false } })
  assert.equal(off.body.active, false)
  assert.equal((await personOf(id)).disabled, true)
  const on = await patch(`/Users/${id}`, { op: 'replace', value: { active: true } })
  assert.equal(on.body.active, true)
  assert.equal((await personOf(id)).disabled, false)
})

test('Entra: operations in capitals, booleans as texts, paths with filters, whole paths as keys', async () => {
  const id = await provisioned('emil@example.com', { externalId: 'emil' })
  const changed = await patch(
    `/Users/${id}`,
    { op: 'Add', path: 'emails[type eq "work"].value', value: 'emil@example.com' },
    { op: 'Replace', path: 'name.familyName', value: 'Berg' },
    { op: 'Add', value: { 'name.givenName': 'Emil', displayName: 'Emil Berg' } },
    { op: 'Add', path: `${ENTERPRISE}:department`, value: 'Research' },
  )
  assert.equal(changed.status, 200, changed.text)
  assert.equal(changed.body.emails[0].value, 'emil@example.com')
  assert.deepEqual(changed.body.name, { familyName: 'Berg', givenName: 'Emil' })
  assert.equal(changed.body[ENTERPRISE].department, 'Research')
  assert.deepEqual(await names('emails[type eq "work"].value eq "EMIL@example.com"'), [
    'emil@example.com',
  ])
  for (const [value, disabled] of [
    ['False', true],
    ['True', false],
  ] as const) {
    const answer = await patch(`/Users/${id}`, { op: 'Replace', path: 'active', value })
    assert.equal(answer.status, 200, answer.text)
    assert.equal((await personOf(id)).disabled, disabled)
  }
  const odd = await patch(`/Users/${id}`, { op: 'Replace', path: 'active', value: 'maybe' })
  assert.equal(odd.body.scimType, 'invalidValue')
})

test('deactivating ends sessions and tokens, locks what the person sends, and lists nothing as theirs any more', async () => {
  const id = await provisioned('lea@example.com')
  const link = await console.admin('POST', `/people/${id}/login-link`)
  assert.equal(link.status, 201)
  const key = await console.keyFor('lea@example.com')
  assert.ok(await console.chat('hello', { key }))
  await patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false })
  const refused = await fetch(`${console.gateway.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: 'again' }] }),
  })
  assert.equal(refused.status, 400)
  assert.match(await refused.text(), /lk_/)
  assert.equal((await console.admin('POST', `/people/${id}/login-link`)).status, 404)
  await patch(`/Users/${id}`, { op: 'replace', path: 'active', value: true })
  assert.ok(await console.chat('back', { key }))
})

test('a deleted user is gone for SCIM, disabled here, and can come back with the same name', async () => {
  const id = await provisioned('dan@example.com')
  assert.equal((await send('DELETE', `/Users/${id}`)).status, 204)
  assert.equal((await scim('GET', `/Users/${id}`)).status, 404)
  assert.equal((await send('DELETE', `/Users/${id}`)).status, 404)
  assert.deepEqual(await names('userName eq "dan@example.com"'), [])
  assert.equal((await personOf(id)).disabled, true)
  assert.equal(await provisioned('dan@example.com'), id)
  assert.equal((await personOf(id)).disabled, false)
})

test('a name that somebody has is refused, whatever its case; nobody made here is taken over', async () => {
  await provisioned('Uma@example.com')
  await console.person('local@example.com', ['investigator'])
  for (const userName of ['uma@EXAMPLE.com', 'local@example.com']) {
    const answer = await send('POST', '/Users', { userName })
    assert.equal(answer.status, 409, userName)
    assert.equal(answer.body.scimType, 'uniqueness')
  }
})

test('a new userName takes the keys along', async () => {
  const id = await provisioned('old-name@example.com')
  const key = await console.keyFor('old-name@example.com')
  await patch(`/Users/${id}`, { op: 'replace', path: 'userName', value: 'new-name@example.com' })
  assert.equal((await personOf(id)).login, 'new-name@example.com')
  const keys = await console.admin('GET', '/keys')
  assert.ok(
    keys.body.items.some(({ owner }: { owner: string }) => owner === 'new-name@example.com'),
  )
  assert.ok(await console.chat('hello', { key }))
})

test('groups give roles, by either way of naming members, and the console cannot', async () => {
  const [one, two] = [await provisioned('g1@example.com'), await provisioned('g2@example.com')]
  const made = await send('POST', '/Groups', {
    displayName: 'Responders',
    externalId: 'grp',
    members: [{ value: one }, { value: 'per_nobody' }],
  })
  assert.equal(made.status, 201, made.text)
  const { id } = made.body
  assert.deepEqual((await personOf(one)).roles, ['investigator'])
  assert.deepEqual((await personOf(two)).roles, ['member'])
  // Entra adds and removes by value, Okta removes by path.
  await patch(`/Groups/${id}`, { op: 'Add', path: 'members', value: [{ value: two }] })
  assert.deepEqual((await personOf(two)).roles, ['investigator'])
  await patch(`/Groups/${id}`, { op: 'Remove', path: 'members', value: [{ value: two }] })
  assert.deepEqual((await personOf(two)).roles, ['member'])
  await patch(`/Groups/${id}`, { op: 'remove', path: `members[value eq "${one}"]` })
  assert.deepEqual((await personOf(one)).roles, ['member'])
  await patch(`/Groups/${id}`, {
    op: 'replace',
    value: { id, displayName: 'Audit', members: [{ value: one }] },
  })
  const person = await personOf(one)
  assert.deepEqual(person.roles, ['auditor'])
  const user = await scim('GET', `/Users/${one}`)
  assert.equal(user.body.groups[0].display, 'Audit')
  const changed = await console.admin('PATCH', `/people/${one}`, {
    body: { roles: ['admin'] },
    headers: { 'if-match': person.etag },
  })
  assert.equal(changed.body.code, 'api.managed')
  assert.equal((await send('POST', '/Groups', { displayName: 'audit' })).status, 409)
  const lean = await scim('GET', `/Groups/${id}?excludedAttributes=members`)
  assert.equal('members' in lean.body, false)
  assert.equal((await send('DELETE', `/Groups/${id}`)).status, 204)
  assert.deepEqual((await personOf(one)).roles, ['member'])
})

test('filters do what they say, and what cannot be read is refused', async () => {
  for (const letter of ['a', 'b', 'c'])
    await provisioned(`filter-${letter}@example.com`, {
      externalId: `Ext-${letter}`,
      title: letter === 'c' ? 'Lead' : 'Engineer',
      name: { familyName: letter.toUpperCase() },
    })
  const all = ['filter-a@example.com', 'filter-b@example.com', 'filter-c@example.com']
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['userName sw "filter-"', all],
    ['userName eq "FILTER-A@example.com"', all.slice(0, 1)],
    ['externalId eq "Ext-b"', all.slice(1, 2)],
    ['externalId eq "ext-b"', []],
    ['userName sw "filter-" and title eq "lead"', all.slice(2)],
    ['userName sw "filter-" and not (title co "ead")', all.slice(0, 2)],
    [
      'userName sw "filter-" and (name.familyName eq "a" or name.familyName gt "b")',
      [all[0]!, all[2]!],
    ],
    ['title pr and userName ew "-c@example.com"', all.slice(2)],
    [`${USER}:userName eq "filter-a@example.com"`, all.slice(0, 1)],
    ['userName sw "filter-" and active eq true and meta.resourceType eq "User"', all],
    ['userName eq "\\" or \\"1\\" eq \\"1"', []],
  ]
  for (const [filter, wanted] of cases) assert.deepEqual(await names(filter), wanted, filter)
  for (const filter of ['userName', 'userName zz "x"', '(', `userName eq "${'x'.repeat(1000)}"`]) {
    const answer = await scim('GET', query(filter))
    assert.equal(answer.body.scimType, 'invalidFilter', filter)
  }
})

test('pages are cut as asked, and never beyond what is allowed', async () => {
  const page = async (text: string) => (await scim('GET', `/Users?${text}`)).body
  const first = await page('startIndex=1&count=2')
  assert.deepEqual([first.itemsPerPage, first.startIndex], [2, 1])
  const second = await page('startIndex=3&count=2')
  assert.equal(second.totalResults, first.totalResults)
  const ids = [...first.Resources, ...second.Resources].map(({ id }: { id: string }) => id)
  assert.equal(new Set(ids).size, 4)
  assert.equal((await page('count=0')).Resources.length, 0)
  assert.equal((await page('startIndex=-5&count=-1')).itemsPerPage, 0)
  assert.equal((await page('startIndex=100000')).Resources.length, 0)
  assert.ok((await page('startIndex=x&count=y')).Resources.length > 0)
  const lean = await page('count=1&attributes=userName')
  assert.deepEqual(Object.keys(lean.Resources[0]).toSorted(), ['id', 'meta', 'schemas', 'userName'])
})

test('a change based on an old state is refused, and what is known is not sent again', async () => {
  const id = await provisioned('etag@example.com')
  const read = await scim('GET', `/Users/${id}`)
  const etag = read.headers.get('etag') ?? ''
  assert.equal(etag, read.body.meta.version)
  const again = await send('GET', `/Users/${id}`, undefined, { 'if-none-match': etag })
  assert.equal(again.status, 304)
  const body = { schemas: [PATCH], Operations: [{ op: 'add', path: 'title', value: 'x' }] }
  assert.equal((await send('PATCH', `/Users/${id}`, body, { 'if-match': etag })).status, 200)
  assert.equal((await send('PATCH', `/Users/${id}`, body, { 'if-match': etag })).status, 412)
  assert.equal((await send('PATCH', `/Users/${id}`, body, { 'if-match': '*' })).status, 200)
})

test('what is no SCIM is refused, and nothing reaches into shared objects', async () => {
  const id = await provisioned('odd@example.com')
  const bad: readonly (readonly [unknown, string | undefined])[] = [
    [{ Operations: [] }, 'invalidSyntax'],
    [{ Operations: [{ op: 'move', path: 'title' }] }, 'invalidSyntax'],
    [{ Operations: [{ op: 'remove' }] }, 'noTarget'],
    [{ Operations: [{ op: 'add', value: 'x' }] }, 'invalidValue'],
    [{ Operations: [{ op: 'replace', path: 'userName', value: '' }] }, 'invalidValue'],
    [{ Operations: [{ op: 'add', path: '__proto__.polluted', value: 1 }] }, 'invalidPath'],
    [
      { Operations: [{ op: 'add', path: 'constructor.prototype.polluted', value: 1 }] },
      'invalidPath',
    ],
    ['{"Operations":[{"op":"add","value":{"__proto__":{"polluted":1}}}]}', 'invalidPath'],
    ['[1]', 'invalidSyntax'],
    ['{', 'invalidSyntax'],
  ]
  for (const [body, scimType] of bad) {
    const answer = await send('PATCH', `/Users/${id}`, body)
    assert.equal(answer.status, 400, JSON.stringify(body))
    assert.equal(answer.body.scimType, scimType, JSON.stringify(body))
  }
  assert.equal('polluted' in {}, false)
  for (const userName of ['', ' ', 'a\u202eb', 'x'.repeat(300)])
    assert.equal((await send('POST', '/Users', { userName })).status, 400)
  const wrong = await scim('POST', '/Users', {
    body: {},
    headers: { 'content-type': 'text/plain' },
  })
  assert.equal(wrong.status, 415)
  assert.equal((await send('GET', '/Nothing')).status, 404)
})

test('every push is in the trail under the name of its client', async () => {
  const trail = await console.admin('GET', '/audit?limit=200')
  const deeds = trail.body.items.filter(
    ({ personName }: { personName: string }) => personName === 'scim:okta',
  )
  const seen = new Set(deeds.map(({ operation }: { operation: string }) => operation))
  for (const deed of [
    'scim.user.create',
    'scim.user.deactivate',
    'scim.user.delete',
    'scim.group.update',
  ])
    assert.ok(seen.has(deed), deed)
})
