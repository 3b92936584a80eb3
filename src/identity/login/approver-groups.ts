/** Groups of approvers that the last login of each person fulfils, by what custody.yaml says of its provider; for a time. */
import type { LoginConfig } from '../../config/login-config.ts'
import type { ApproverGroup } from '../../model/approval.ts'
import type { LoginGroupsRow } from '../../model/login.ts'

type Approvers = LoginConfig['providers'][number]['approvers']

/** What is kept of a login: nothing of a provider that fulfils nothing. */
export function keptGroups(
  approvers: Approvers,
  groups: readonly string[] | null,
): readonly string[] {
  const asked = new Set(Object.values(approvers).flat())
  return [...new Set(groups)].filter((group) => asked.has(group))
}

/** By id of the person. Read with the configuration of this moment: a mapping that was taken out fulfils nothing any more. */
export function approverGroups(
  logins: readonly LoginGroupsRow[],
  { providers, groupsLastMs }: Pick<LoginConfig, 'providers' | 'groupsLastMs'>,
  nowMs: number,
): ReadonlyMap<string, readonly ApproverGroup[]> {
  const mapped = new Map(
    providers.map(({ kind, name, approvers }) => [`${kind}:${name}`, approvers]),
  )
  return new Map(
    logins.map(({ person, provider, groups, atMs }) => {
      const untilMs = atMs + groupsLastMs
      // Threat: the same name at another provider is another group.
      const approvers = nowMs < untilMs ? (mapped.get(provider) ?? {}) : {}
      const fulfilled = Object.entries(approvers).filter(([, theirs]) =>
        theirs.some((group) => groups.includes(group)),
      )
      return [person, fulfilled.map(([name]) => ({ name, by: provider, untilMs }))]
    }),
  )
}
