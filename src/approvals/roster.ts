/** Who is in which group of approvers: as custody.yaml lists them, and as the identity provider provisions them. */
import type { ApprovalSettings } from '../model/approval-settings.ts'
import { ROLES } from '../model/people.ts'
import type { PersonRow } from '../model/people.ts'
import type { ScimGroupRow } from '../model/scim.ts'

/** Names of the groups that a person is in. */
export type Roster = (person: Pick<PersonRow, 'id' | 'login'>) => readonly string[]

/** A group that custody.yaml lists is exactly what it lists: a provider adds nobody to it. */
export function rosterOf(
  { groups }: Pick<ApprovalSettings, 'groups'>,
  provisioned: readonly ScimGroupRow[],
  people: readonly Pick<PersonRow, 'login'>[],
): Roster {
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
  return ({ id, login }) => {
    const own = Object.entries(groups).filter(([, logins]) => logins.includes(login))
    const theirs = foreign.filter(({ members }) => members.has(id))
    return [...own.map(([name]) => name), ...theirs.flatMap(({ names }) => names)]
  }
}
