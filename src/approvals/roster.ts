/** Who is in which group of approvers: as custody.yaml lists them, as the identity provider provisions or names them. */
import type { ApprovalSettings } from '../model/approval-settings.ts'
import type { ApproverGroup } from '../model/approval.ts'
import { ROLES } from '../model/people.ts'
import type { PersonRow } from '../model/people.ts'
import type { ScimGroupRow } from '../model/scim.ts'

type Member = Pick<PersonRow, 'id' | 'login' | 'managedBy'>

/** Names of the groups that a person is in. */
export type Roster = (person: Member) => readonly string[]
export type Memberships = (person: Member) => readonly ApproverGroup[]

export interface RosterSources {
  readonly groups: ApprovalSettings['groups']
  readonly provisioned: readonly ScimGroupRow[]
  /** Of the last logins, by id of the person. */
  readonly loggedIn: ReadonlyMap<string, readonly ApproverGroup[]>
  readonly people: readonly Pick<PersonRow, 'login'>[]
}

/** A group that custody.yaml lists is exactly what it lists: a provider adds nobody to it. */
export function membershipsOf({
  groups,
  provisioned,
  loggedIn,
  people,
}: RosterSources): Memberships {
  // Threat: a provider's group that is named like a role or a person would speak for them.
  const taken = new Set<string>([
    ...Object.keys(groups),
    ...ROLES,
    ...people.map(({ login }) => login),
  ])
  const foreign = provisioned.map(({ displayName, externalId, members }) => ({
    names: [displayName, externalId].filter((name) => name !== '' && !taken.has(name)),
    members: new Set(members),
  }))
  return ({ id, login, managedBy }) => {
    const own = Object.entries(groups).filter(([, logins]) => logins.includes(login))
    const theirs = foreign.filter(({ members }) => members.has(id))
    // Of whom SCIM keeps it knows more, and sooner, than a login some hours ago.
    const atLogin = managedBy.startsWith('scim:') ? [] : (loggedIn.get(id) ?? [])
    return [
      ...own.map(([name]) => ({ name, by: 'custody.yaml', untilMs: null })),
      ...theirs.flatMap(({ names }) => names.map((name) => ({ name, by: 'scim', untilMs: null }))),
      ...atLogin.filter(({ name }) => !taken.has(name)),
    ]
  }
}

export function rosterOf(sources: RosterSources): Roster {
  const memberships = membershipsOf(sources)
  return (person) => memberships(person).map(({ name }) => name)
}
