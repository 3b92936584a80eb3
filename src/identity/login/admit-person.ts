/** Decides which person a proven identity is, makes one for a stranger where that is allowed, and refreshes roles. */
import type { LinkBy, ProviderConfig, RolesConfig } from '../../config/login-config.ts'
import type { Clock } from '../../lib/clock.ts'
import { newControlId } from '../../lib/ids.ts'
import type {
  IdentityTable,
  LoginGroupsTable,
  ProviderKind,
  ProvenIdentity,
} from '../../model/login.ts'
import type { PeopleTable, PersonRow, Role } from '../../model/people.ts'
import { ROLES } from '../../model/people.ts'
import { createPerson } from '../people-admin.ts'
import { keptGroups } from './approver-groups.ts'
import { LoginRefused } from './provider.ts'

/** Another worker may change the person at the same moment. */
const TRIES = 5

export interface AdmissionRules {
  readonly name: string
  readonly kind: ProviderKind
  readonly roles: RolesConfig
  readonly approvers: ProviderConfig['approvers']
  readonly createPeople: boolean
  readonly linkBy: readonly LinkBy[]
}

export interface AdmissionTables {
  readonly people: PeopleTable
  readonly identities: IdentityTable
  readonly loginGroups: Pick<LoginGroupsTable, 'keep'>
  /** People whom SCIM provisioned, found by what it calls them. */
  readonly provisioned: {
    readonly byExternalId: (externalId: string) => Promise<string | null>
    readonly byUserName: (userName: string) => Promise<string | null>
  }
}

/** Throws `LoginRefused`. */
export async function admitPerson(
  tables: AdmissionTables,
  clock: Clock,
  rules: AdmissionRules,
  proven: ProvenIdentity,
): Promise<PersonRow> {
  const person = await personOf(tables, clock, rules, proven)
  // Before any refusal: whoever lost the groups is in none any more, let in or not.
  await tables.loginGroups.keep({
    person: person.id,
    provider: managerOf(rules),
    groups: keptGroups(rules.approvers, proven.groups),
    atMs: clock.nowMs(),
  })
  if (person.disabledAtMs !== null) throw new LoginRefused('disabled', person.login)
  const roles = rolesAfter(person, rules, proven)
  if (roles.length === 0) throw new LoginRefused('no-role', person.login)
  return refresh(tables.people, person.id, rules, { roles, name: proven.name })
}

/** In the order of the role table, so that the same groups always read the same. */
export function rolesFor(config: RolesConfig, groups: readonly string[] | null): readonly Role[] {
  const given = ROLES.filter((role) =>
    (config.byGroup?.[role] ?? []).some((group) => groups?.includes(group) === true),
  )
  return given.length > 0 ? given : config.otherwise
}

/** SCIM and the console keep the roles they gave, where the provider says nothing about roles. */
function rolesAfter(
  person: PersonRow,
  rules: AdmissionRules,
  proven: ProvenIdentity,
): readonly Role[] {
  if (rules.roles.byGroup === null || person.managedBy.startsWith('scim:')) return person.roles
  return rolesFor(rules.roles, proven.groups)
}

function managerOf(rules: AdmissionRules): string {
  return `${rules.kind}:${rules.name}`
}

async function personOf(
  tables: AdmissionTables,
  clock: Clock,
  rules: AdmissionRules,
  proven: ProvenIdentity,
): Promise<PersonRow> {
  const nowMs = clock.nowMs()
  const known = await tables.identities.find(proven.issuer, proven.subject)
  if (known !== null) {
    const person = await tables.people.byId(known.person)
    if (person === null) throw new LoginRefused('unlinked', 'the person is gone')
    await tables.identities.used(known.id, nowMs)
    return person
  }
  const person =
    (await linkable(tables, rules, proven)) ?? (await stranger(tables, clock, rules, proven))
  const isLinked = await tables.identities.insert({
    id: newControlId('idn', nowMs),
    person: person.id,
    provider: rules.name,
    issuer: proven.issuer,
    subject: proven.subject,
    createdAtMs: nowMs,
    lastLoginAtMs: nowMs,
  })
  if (!isLinked) throw new LoginRefused('unlinked', 'the identity was linked at the same moment')
  return person
}

async function linkable(
  tables: AdmissionTables,
  rules: AdmissionRules,
  proven: ProvenIdentity,
): Promise<PersonRow | null> {
  const { people, provisioned } = tables
  for (const way of rules.linkBy) {
    if (way === 'verified-email') {
      const person =
        proven.verifiedEmail === null ? null : await people.byLogin(proven.verifiedEmail)
      if (person !== null) return person
    } else {
      const id =
        way === 'scim-external-id'
          ? await provisioned.byExternalId(proven.subject)
          : await provisioned.byUserName(proven.login)
      const person = id === null ? null : await people.byId(id)
      if (person !== null) return person
    }
  }
  return null
}

async function stranger(
  tables: AdmissionTables,
  clock: Clock,
  rules: AdmissionRules,
  proven: ProvenIdentity,
): Promise<PersonRow> {
  if (!rules.createPeople) throw new LoginRefused('unlinked', 'strangers are not let in')
  const roles = rolesFor(rules.roles, proven.groups)
  if (roles.length === 0) throw new LoginRefused('no-role', 'none of the groups gives a role')
  const made = await createPerson(tables.people, clock, {
    login: proven.login,
    name: proven.name,
    roles,
    managedBy: managerOf(rules),
  })
  switch (made.kind) {
    case 'created':
      return made.person
    case 'taken':
      // Threat: whoever may choose a name at the provider must not become the person who has it here.
      throw new LoginRefused('unlinked', 'the login belongs to somebody else here')
    case 'invalid':
      throw new LoginRefused('unlinked', 'the login is not acceptable as a name')
  }
}

async function refresh(
  people: PeopleTable,
  id: string,
  rules: AdmissionRules,
  now: { readonly roles: readonly Role[]; readonly name: string },
): Promise<PersonRow> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const person = await people.byId(id)
    if (person === null || person.disabledAtMs !== null) break
    const isScim = person.managedBy.startsWith('scim:')
    const name = now.name === '' || isScim ? person.name : now.name
    const managedBy = isScim || rules.roles.byGroup === null ? person.managedBy : managerOf(rules)
    const isSame =
      person.name === name &&
      person.managedBy === managedBy &&
      person.roles.join() === now.roles.join()
    if (isSame) return person
    const change = { name, roles: now.roles, disabledAtMs: null, managedBy }
    const result = await people.update(id, person.version, change, 'provider')
    if (result === 'updated') return { ...person, ...change, version: person.version + 1 }
    if (result !== 'conflict') break
  }
  throw new LoginRefused('disabled', 'the person changed while logging in')
}
