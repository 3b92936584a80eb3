/** What each role is for, in a sentence; the server's role table is what counts. */
import type { Role } from '../../api/people.ts'

interface RoleFacts {
  readonly may: string
  readonly mayNot: string
}

export const ROLES: Readonly<Record<Role, RoleFacts>> = {
  admin: {
    may: 'Runs the gateway: people, keys, upstreams, the audit trail',
    mayNot: 'reads no prompt and no answer, not even masked',
  },
  'policy-author': { may: 'Writes the rules; sees metadata', mayNot: 'reads no content' },
  approver: { may: 'Decides on held requests; sees content masked', mayNot: 'reveals nothing' },
  investigator: {
    may: 'Sees content masked; reveals it with a reason, for a while',
    mayNot: 'changes nothing',
  },
  auditor: {
    may: 'Sees metadata, all keys, people and the whole audit trail',
    mayNot: 'reads no content',
  },
  member: { may: 'Sees own exchanges and own keys', mayNot: 'sees nothing of others' },
}

export const ROLE_NAMES = Object.keys(ROLES).filter(isRole)

export function isRole(text: string): text is Role {
  return Object.hasOwn(ROLES, text)
}

/** Why these roles are better not held by one person; null when they go together. */
export function clash(roles: readonly Role[]): string | null {
  const has = (role: Role): boolean => roles.includes(role)
  if (has('admin') && has('investigator'))
    return 'Whoever runs the gateway could then also read what passes it. Two people keep these apart.'
  if (has('auditor') && (has('admin') || has('investigator')))
    return 'Whoever checks on reveals and changes could then make them. Two people keep these apart.'
  if (has('approver') && has('policy-author'))
    return 'Whoever writes the rules could then also approve what they hold. Two people keep these apart.'
  return null
}

/** What the console adds to the server's refusals, by error code. */
export const REFUSALS: Readonly<Record<string, string>> = {
  'api.own-roles':
    'Duties are kept apart: a role is always given by somebody else, so nobody can widen their own reach. Ask another admin.',
  'api.last-admin':
    'Without an active admin nobody could make keys or let people in. Make somebody else an admin first.',
  'api.precondition':
    'Somebody else changed this person meanwhile. Close this and look at them again before you change them.',
  'api.conflict': 'Somebody has this login already; it may be a disabled person.',
}
