import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TestConsole, TestPerson } from '../../test/harness/console.ts'
import { peopleOfAllRoles, startConsole } from '../../test/harness/console.ts'
import { OPERATIONS, isOperation, permissionOf } from '../identity/permissions.ts'
import type { Role } from '../model/people.ts'
import { ROLES } from '../model/people.ts'
import { apiApp } from './api-app.ts'
import { ROUTES } from './contract/routes.ts'
import type { ApiParts } from './parts.ts'

let console: TestConsole
let people: ReadonlyMap<Role, TestPerson>
let exchange = ''

before(async () => {
  console = await startConsole()
  people = await peopleOfAllRoles(console)
  exchange = await console.chat('hello')
})
after(() => console[Symbol.asyncDispose]())

/** Bodies that no route accepts: who is let in meets 422, and nothing is changed. */
function pathOf(route: (typeof ROUTES)[number]): string {
  const path = route.path
    .replace('/exchanges/{id}', `/exchanges/${exchange}`)
    .replace('/conversations/{id}', `/conversations/cv_${'0'.repeat(26)}`)
    .replace('{id}', 'nothing')
    .replace('{page}', 'nothing')
    .replace('{part}', 'answer')
    .replace('{name}', 'nothing')
  return path.endsWith('/histogram') ? `${path}?fromMs=1&toMs=2` : path
}

test('every route names an operation of the table, and every operation has a route', () => {
  const used = new Set<string>(ROUTES.map((route) => route.operation))
  for (const operation of used) assert.ok(isOperation(operation), operation)
  // The reveal is a mode of the content routes, judged inside them.
  const unused = OPERATIONS.filter((operation) => !used.has(operation))
  assert.deepEqual(unused, ['content.reveal'])
})

test('what is served is the contract, route for route', () => {
  const served = apiApp({
    version: '0',
    control: {},
    keys: {},
    desk: {},
    approvals: { deciding: {} },
    keeping: {},
  } as unknown as ApiParts)
    .routes.filter((route) => route.method !== 'ALL')
    .map((route) => `${route.method} ${route.path}`)
  const documents = ['GET /openapi.json', 'GET /reference', 'GET /reference.css']
  const contract = ROUTES.map(
    (route) => `${route.method.toUpperCase()} ${route.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
  )
  assert.deepEqual([...new Set(served)].toSorted(), [...documents, ...contract].toSorted())
})

for (const role of ROLES) {
  test(`${role}: every route is open exactly where the table says so`, async () => {
    const person = people.get(role)!
    for (const route of ROUTES) {
      const permission = permissionOf(route.operation)
      if (permission.isPublic === true) continue
      const isAllowed = permission.roles[role] !== undefined
      const name = `${role} ${route.method} ${route.path}`
      if (route.operation.endsWith('.live') && isAllowed) {
        const stream = await fetch(console.api + route.path, {
          headers: { authorization: `Bearer ${person.token}` },
        })
        assert.equal(stream.status, 200, name)
        await stream.body?.cancel()
        continue
      }
      const answer = await person.call(
        route.method.toUpperCase(),
        pathOf(route),
        route.method === 'get' || route.method === 'delete' ? {} : { body: { nonsense: 1 } },
      )
      if (isAllowed) {
        assert.notEqual(answer.body?.code, 'api.forbidden', name)
        assert.notEqual(answer.status, 401, name)
        assert.ok(answer.status < 500, `${name}: ${answer.text}`)
      } else {
        assert.equal(answer.status, 403, `${name}: ${answer.text}`)
        assert.equal(answer.body.code, 'api.forbidden', name)
      }
    }
  })
}

test('nobody gets in without saying who they are', async () => {
  for (const route of ROUTES) {
    if (permissionOf(route.operation).isPublic === true) continue
    const answer = await console.stranger(route.method.toUpperCase(), pathOf(route))
    // A stranger who tries too often is slowed down.
    assert.ok(answer.status === 401 || answer.status === 429, `${route.path} ${answer.status}`)
  }
})

test('only an investigator reveals, and neither admin nor auditor reads content at all', async () => {
  for (const role of ROLES) {
    const { call } = people.get(role)!
    for (const what of ['content', 'replay', 'raw/request', 'raw/answer']) {
      const revealed = await call('GET', `/exchanges/${exchange}/${what}?mode=revealed`)
      const wanted = role === 'investigator' ? 'api.reveal-required' : 'api.forbidden'
      assert.equal(revealed.body.code, wanted, `${role} ${what}`)
      const masked = await call('GET', `/exchanges/${exchange}/${what}`)
      const statuses: Partial<Record<Role, number>> = {
        investigator: 200,
        approver: 200,
        member: 404,
      }
      assert.equal(masked.status, statuses[role] ?? 403, `${role} ${what}`)
    }
  }
})

test('a person with two roles may do what either permits', async () => {
  const both = await console.person('both', ['auditor', 'approver'])
  assert.equal((await both.call('GET', '/audit')).status, 200)
  assert.equal((await both.call('GET', `/exchanges/${exchange}/content`)).status, 200)
  assert.equal((await both.call('POST', '/keys', { body: {} })).status, 403)
})

test('every refusal is in the trail', async () => {
  const trail = await console.admin('GET', '/audit?outcome=denied&limit=200')
  const denied = new Set<string>(
    trail.body.items.map((event: { operation: string }) => event.operation),
  )
  for (const operation of ['people.create', 'keys.create', 'content.read', 'content.reveal']) {
    assert.ok(denied.has(operation), operation)
  }
})
