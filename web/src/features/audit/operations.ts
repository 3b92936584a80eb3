/** What each operation of the control plane was, as a deed: completes "Ada …". A new operation does not compile without its line. */
import type { ROUTES } from '../../../../src/api/contract/routes.ts'

export type OperationName = (typeof ROUTES)[number]['operation']

const DEEDS: Readonly<Record<OperationName, string>> = {
  'login.methods': 'asked how to log in',
  'login.link': 'logged in with a link',
  'login.start': 'began a login at a provider',
  'login.callback': 'logged in at a provider',
  'login.saml': 'logged in by SAML',
  'login.saml-metadata': 'read our SAML metadata',
  'login.saml-logout': 'was logged out by the provider',
  'login.end': 'logged out',
  'me.read': 'asked who they are',
  'login-sessions.list': 'listed login sessions',
  'login-sessions.revoke': 'ended a login session',
  'tokens.list': 'listed their API tokens',
  'tokens.create': 'made an API token',
  'tokens.revoke': 'revoked an API token',
  'views.list': 'listed saved views',
  'views.create': 'saved a view',
  'views.update': 'changed a saved view',
  'views.delete': 'deleted a saved view',
  'exchanges.list': 'listed exchanges',
  'exchanges.facets': 'counted exchanges',
  'exchanges.histogram': 'counted exchanges over time',
  'exchanges.live': 'followed exchanges',
  'exchanges.read': 'looked at an exchange',
  'exchanges.proof': 'checked a record',
  'conversations.list': 'listed conversations',
  'conversations.read': 'looked at a conversation',
  'trace.search': 'Traced a text',
  'cases.list': 'listed cases',
  'cases.read': 'read a case',
  'cases.create': 'opened a case',
  'cases.update': 'worked on a case',
  'content.read': 'read content, masked',
  'content.reveal': 'read content as it was',
  'reveals.list': 'listed reveals',
  'reveals.create': 'opened a reveal',
  'reveals.end': 'ended a reveal',
  'approvals.list': 'List held requests',
  'approvals.live': 'Follow held requests',
  'approvals.read': 'Read a held request',
  'approvals.decide': 'Decide a held request',
  'approvals.cancel': 'Take a request back',
  'approvals.review': 'Review a break-glass approval',
  'approvals.page': 'See the state of a held request',
  'grants.list': 'List grants',
  'grants.revoke': 'Revoke a grant',
  'keys.list': 'listed keys',
  'keys.create': 'made a key',
  'keys.revoke': 'revoked a key',
  'locks.list': 'listed locks',
  'locks.preview': 'asked what a lock would hit',
  'locks.set': 'set a lock',
  'locks.release': 'released a lock',
  'upstreams.list': 'looked at upstreams',
  'people.list': 'listed people',
  'people.read': 'looked at a person',
  'people.create': 'added a person',
  'people.update': 'changed a person',
  'people.login-link': 'made a login link',
  'scim-clients.list': 'listed provisioning clients',
  'scim-clients.create': 'made a provisioning client',
  'scim-clients.revoke': 'revoked a provisioning client',
  'audit.list': 'read the audit trail',
  'status.read': 'asked for the state',
}

/** Reads that leave no event unless they are refused come last in the menu. */
const OFTEN: readonly OperationName[] = [
  'content.reveal',
  'reveals.create',
  'reveals.end',
  'content.read',
  'exchanges.read',
  'exchanges.proof',
  'conversations.read',
  'keys.create',
  'keys.revoke',
  'locks.set',
  'locks.release',
  'people.create',
  'people.update',
  'people.login-link',
  'login.link',
  'login.end',
  'login-sessions.revoke',
  'tokens.create',
  'tokens.revoke',
]

export const OPERATION_NAMES: readonly string[] = [
  ...OFTEN,
  ...Object.keys(DEEDS).filter((name) => !OFTEN.some((often) => often === name)),
]

/** The name itself for an operation of a newer or older server. */
export function deedOf(operation: string): string {
  return isOperationName(operation) ? DEEDS[operation] : operation
}

function isOperationName(text: string): text is OperationName {
  return Object.hasOwn(DEEDS, text)
}
