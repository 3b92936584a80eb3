/** Provisions people: what a SCIM client says of a user becomes a person, and `active: false` cuts that person off. */
import type { RolesConfig } from '../../config/login-config.ts'
import type { Clock } from '../../lib/clock.ts'
import type { ControlStore } from '../../model/control.ts'
import type { PersonChange, PersonRow, Role } from '../../model/people.ts'
import type { ScimClientRow, ScimUserRow } from '../../model/scim.ts'
import { cutOff, letBack } from '../deprovision.ts'
import type { DeprovisionParts } from '../deprovision.ts'
import { rolesFor } from '../login/admit-person.ts'
import { createPerson } from '../people-admin.ts'
import type { Attributes } from './attributes.ts'
import { booleanOf, shownName, textAt, writable } from './attributes.ts'
import { patched } from './patch.ts'
import { attributesOf, etagOf } from './resources.ts'
import type { ScimUser } from './resources.ts'
import { ScimProblem } from './scim-problem.ts'

/** A login may change the person at the same moment. */
const TRIES = 5

export interface ScimParts {
  readonly control: ControlStore
  readonly clock: Clock
  readonly deprovision: DeprovisionParts
  readonly roles: () => RolesConfig
  /** Logins that no provider may take over. */
  readonly reserved: () => readonly string[]
  /** Gives what a person owns to their new login. */
  readonly renamed: (from: string, to: string) => Promise<void>
}

interface WantedUser {
  readonly userName: string
  readonly externalId: string
  readonly active: boolean
  readonly attributes: Attributes
}

function readUser(written: Attributes): WantedUser {
  const attributes = writable(written)
  const userName = textAt(attributes, 'userName')
  if (userName === '') throw new ScimProblem(400, 'userName is missing', 'invalidValue')
  const { active = true, ...rest } = attributes
  const isActive = booleanOf(active)
  return {
    userName,
    externalId: textAt(attributes, 'externalId'),
    active: isActive,
    attributes: { ...rest, active: isActive },
  }
}

export async function createUser(
  parts: ScimParts,
  client: ScimClientRow,
  written: Attributes,
): Promise<ScimUser> {
  const wanted = readUser(written)
  const { users } = parts.control.scim
  const known = await users.byUserName(folded(wanted.userName))
  if (known !== null && known.deletedAtMs === null) throw taken()
  if (known !== null) return write(parts, client, { ...known, deletedAtMs: null }, wanted)
  const person = await personFor(parts, client, wanted)
  const nowMs = parts.clock.nowMs()
  const row: ScimUserRow = {
    id: person.id,
    client: client.id,
    externalId: wanted.externalId,
    userName: wanted.userName,
    userNameFolded: folded(wanted.userName),
    attributes: JSON.stringify(wanted.attributes),
    createdAtMs: nowMs,
    modifiedAtMs: nowMs,
    deletedAtMs: null,
    version: 1,
  }
  if (!(await users.insert(row))) throw taken()
  return { row, person: await settle(parts, client, person.id, wanted) }
}

/** A person who came by a login at the provider is taken over; one who was made here is not. */
async function personFor(
  parts: ScimParts,
  client: ScimClientRow,
  wanted: WantedUser,
): Promise<PersonRow> {
  const { people } = parts.control
  const known = await people.byLogin(wanted.userName)
  if (known !== null) {
    const isTheirs = /^(?:oidc|saml):/.test(known.managedBy)
    if (!isTheirs || parts.reserved().includes(known.login)) throw taken()
    return known
  }
  const made = await createPerson(people, parts.clock, {
    login: wanted.userName,
    name: shownName(wanted.attributes).slice(0, 200),
    roles: rolesFor(parts.roles(), []),
    managedBy: managerOf(parts, client),
  })
  if (made.kind === 'created') return made.person
  if (made.kind === 'taken') throw taken()
  throw new ScimProblem(400, 'userName or displayName is not acceptable as a name', 'invalidValue')
}

export async function replaceUser(
  parts: ScimParts,
  client: ScimClientRow,
  change: { readonly id: string; readonly ifMatch: string | null; readonly written: Attributes },
): Promise<ScimUser> {
  const row = await liveUser(parts, change.id)
  checkMatch(row, change.ifMatch)
  return write(parts, client, row, readUser(change.written))
}

export async function patchUser(
  parts: ScimParts,
  client: ScimClientRow,
  change: { readonly id: string; readonly ifMatch: string | null; readonly body: unknown },
): Promise<ScimUser> {
  const row = await liveUser(parts, change.id)
  checkMatch(row, change.ifMatch)
  const { externalId, userName } = row
  const before = {
    ...attributesOf(row),
    userName,
    ...(externalId === '' ? {} : { externalId }),
  }
  return write(parts, client, row, readUser(patched(before, change.body)))
}

/** The person stays, disabled: what they did is evidence and goes on having a name. */
export async function deleteUser(
  parts: ScimParts,
  client: ScimClientRow,
  id: string,
): Promise<void> {
  const row = await liveUser(parts, id)
  const attributes = { ...attributesOf(row), active: false }
  const wanted = { ...readUser({ ...attributes, userName: row.userName }), active: false }
  const gone = { ...row, deletedAtMs: parts.clock.nowMs() }
  await write(parts, client, gone, { ...wanted, externalId: row.externalId })
}

export async function readUserById(parts: ScimParts, id: string): Promise<ScimUser> {
  const row = await liveUser(parts, id)
  const person = await parts.control.people.byId(id)
  if (person === null) throw new ScimProblem(404, 'there is no such user')
  return { row, person }
}

async function liveUser(parts: ScimParts, id: string): Promise<ScimUserRow> {
  const row = await parts.control.scim.users.byId(id)
  if (row === null || row.deletedAtMs !== null) throw new ScimProblem(404, 'there is no such user')
  return row
}

export function checkMatch(row: { readonly version: number }, ifMatch: string | null): void {
  if (ifMatch === null || ifMatch === '*' || ifMatch.split(/\s*,\s*/).includes(etagOf(row))) return
  throw new ScimProblem(412, 'it was changed meanwhile')
}

async function write(
  parts: ScimParts,
  client: ScimClientRow,
  row: ScimUserRow,
  wanted: WantedUser,
): Promise<ScimUser> {
  const { users } = parts.control.scim
  const same = await users.byUserName(folded(wanted.userName))
  if (same !== null && same.id !== row.id) throw taken()
  const next: ScimUserRow = {
    ...row,
    externalId: wanted.externalId,
    userName: wanted.userName,
    userNameFolded: folded(wanted.userName),
    attributes: JSON.stringify(wanted.attributes),
    modifiedAtMs: parts.clock.nowMs(),
    version: row.version + 1,
  }
  // The person first: a crash in between must leave somebody locked out, not let in.
  const person = await settle(parts, client, row.id, wanted)
  if (!(await users.update(next))) throw new ScimProblem(412, 'it was changed meanwhile')
  return { row: next, person }
}

/** Brings the person in line with what the client wants: login, name, state, roles. */
async function settle(
  parts: ScimParts,
  client: ScimClientRow,
  id: string,
  wanted: WantedUser,
): Promise<PersonRow> {
  const { people } = parts.control
  for (let tries = 0; tries < TRIES; tries += 1) {
    const person = await people.byId(id)
    if (person === null) throw new ScimProblem(404, 'there is no such user')
    const change: PersonChange = {
      login: wanted.userName,
      name: shownName(wanted.attributes).slice(0, 200) || person.name,
      roles: await rolesOf(parts, person),
      managedBy: managerOf(parts, client),
      disabledAtMs: wanted.active ? null : (person.disabledAtMs ?? parts.clock.nowMs()),
    }
    const result = await people.update(id, person.version, change, 'provider')
    if (result === 'taken') throw taken()
    if (result !== 'updated') continue
    const after = { ...person, ...change, version: person.version + 1 }
    if (person.login !== after.login) await parts.renamed(person.login, after.login)
    await follow(parts, client, person, after)
    return after
  }
  throw new ScimProblem(409, 'the person is being changed; try again')
}

async function follow(
  parts: ScimParts,
  client: ScimClientRow,
  before: PersonRow,
  after: PersonRow,
): Promise<void> {
  const by = { actor: `scim:${client.name}`, reason: `SCIM client ${client.name}` }
  // Repeated on every write that says inactive: what a crash left half done is done by the next push.
  if (after.disabledAtMs !== null) await cutOff(parts.deprovision, after, by)
  else if (before.disabledAtMs !== null) await letBack(parts.deprovision, after, by)
}

/** Who gives the roles; where SCIM gives none, the console does. */
function managerOf(parts: ScimParts, client: ScimClientRow): string {
  return parts.roles().byGroup === null ? '' : `scim:${client.name}`
}

async function rolesOf(parts: ScimParts, person: PersonRow): Promise<readonly Role[]> {
  const config = parts.roles()
  if (config.byGroup === null) return person.roles
  const groups = await parts.control.scim.groups.list()
  const names = groups
    .filter(({ members }) => members.includes(person.id))
    .flatMap(({ displayName, externalId }) => [displayName, externalId])
  return rolesFor(config, names)
}

/** After a change of groups: only roles move. */
export async function refreshRoles(
  parts: ScimParts,
  client: ScimClientRow,
  ids: Iterable<string>,
): Promise<void> {
  if (parts.roles().byGroup === null) return
  for (const id of new Set(ids)) {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const person = await parts.control.people.byId(id)
      if (person === null) break
      const { name, disabledAtMs, version } = person
      const roles = await rolesOf(parts, person)
      const managedBy = managerOf(parts, client)
      const change = { name, disabledAtMs, roles, managedBy }
      const result = await parts.control.people.update(id, version, change, 'provider')
      if (result !== 'conflict') break
    }
  }
}

export function folded(userName: string): string {
  return userName.normalize('NFKC').toLowerCase()
}

function taken(): ScimProblem {
  return new ScimProblem(409, 'somebody has this userName', 'uniqueness')
}
