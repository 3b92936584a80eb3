/** Serves people: add, change under the rules that keep duties apart, hand out login links. */
import { mayUseLink } from '../../identity/break-glass.ts'
import { loginUrl, mintLoginLink } from '../../identity/login-method.ts'
import { changePerson, createPerson as addPerson } from '../../identity/people-admin.ts'
import type { PersonUpdate } from '../../identity/people-admin.ts'
import type { ErrorCode } from '../../model/errors.ts'
import { fail } from '../../model/errors.ts'
import type { LoginLink, Person } from '../contract/people.ts'
import {
  createLoginLink,
  createPerson,
  listPeople,
  readHoldings,
  readPerson,
  updatePerson,
} from '../contract/people.ts'
import { versionFrom } from '../etag.ts'
import { idempotent } from '../idempotent.ts'
import { InvalidRequest } from '../problem.ts'
import type { Registrar } from '../registrar.ts'
import { shownPerson } from '../shown.ts'

const REFUSALS: Readonly<Record<Exclude<PersonUpdate['kind'], 'updated' | 'invalid'>, ErrorCode>> =
  {
    'own-roles': 'api.own-roles',
    managed: 'api.managed',
    conflict: 'api.precondition',
    'last-admin': 'api.last-admin',
    'not-found': 'api.not-found',
    taken: 'api.conflict',
  }

export function peopleRoutes({ app, parts, guarded }: Registrar): void {
  const { control, clock } = parts
  app.openapi(guarded(listPeople), async (context) => {
    const { person } = context.get('signedIn')
    const people = context.get('reach') === 'all' ? await control.people.list() : [person]
    const memberships = await parts.approvals.memberships()
    return context.json({ items: people.map((one) => shownPerson(one, memberships)) }, 200)
  })
  app.openapi(guarded(readPerson), async (context) => {
    const { id } = context.req.valid('param')
    const isMine = id === context.get('signedIn').person.id
    const known = context.get('reach') === 'all' || isMine ? await control.people.byId(id) : null
    if (known === null) throw fail('api.not-found')
    const person = shownPerson(known, await parts.approvals.memberships())
    context.header('etag', person.etag)
    return context.json(person, 200)
  })
  app.openapi(guarded(readHoldings), async (context) => {
    const person = await control.people.byId(context.req.valid('param').id)
    if (person === null) throw fail('api.not-found')
    const held = await parts.holdings(person.login)
    return context.json(
      {
        keys: held.keys.map(({ id, name, service }) => ({ id, name, service })),
        rules: held.rules.map(({ name, service, isConfigured }) => ({
          name,
          service,
          isConfigured,
        })),
        jobs: held.jobs.map(({ rule, principal, lastUsedAtMs }) => ({
          rule,
          principal,
          lastUsedAtMs,
        })),
      },
      200,
    )
  })
  app.openapi(guarded(createPerson), async (context) => {
    const wanted = context.req.valid('json')
    const person = await idempotent<Person>(context, parts, 'people.create', async () => {
      const result = await addPerson(control.people, clock, wanted)
      if (result.kind === 'taken') throw fail('api.conflict')
      if (result.kind === 'invalid') throw new InvalidRequest([...result.problems])
      const answer = shownPerson(result.person, await parts.approvals.memberships())
      return { answer, stored: answer }
    })
    context
      .get('audit')
      .add({ target: person.id, details: { login: person.login, roles: person.roles.join(' ') } })
    context.header('etag', person.etag)
    return context.json(person, 201)
  })
  app.openapi(guarded(updatePerson), async (context) => {
    const { id } = context.req.valid('param')
    const edit = context.req.valid('json')
    context.get('audit').add({
      target: id,
      details: {
        ...(edit.roles === undefined ? {} : { roles: edit.roles.join(' ') }),
        ...(edit.disabled === undefined ? {} : { disabled: edit.disabled }),
      },
    })
    const version = versionFrom(context.req.valid('header')['if-match'])
    const by = context.get('signedIn').person
    const result = await changePerson({ ...parts.deprovision, control }, { by, id, version, edit })
    if (result.kind === 'invalid') throw new InvalidRequest([...result.problems])
    if (result.kind !== 'updated') throw fail(REFUSALS[result.kind])
    const person = shownPerson(result.person, await parts.approvals.memberships())
    context.header('etag', person.etag)
    return context.json(person, 200)
  })
  app.openapi(guarded(createLoginLink), async (context) => {
    const { id } = context.req.valid('param')
    context.get('audit').add({ target: id })
    const person = await control.people.byId(id)
    if (person === null || person.disabledAtMs !== null) throw fail('api.not-found')
    if (!mayUseLink(parts.linkRules(), person.login)) throw fail('api.links-restricted')
    const link = await idempotent<LoginLink>(context, parts, 'people.login-link', async () => {
      const { token, expiresAtMs } = await mintLoginLink(control.loginLinks, clock, id)
      return {
        answer: { loginUrl: loginUrl(parts.consoleUrl(), token), expiresAtMs },
        stored: { loginUrl: null, expiresAtMs },
      }
    })
    return context.json(link, 201)
  })
}
