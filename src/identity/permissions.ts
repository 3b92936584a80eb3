/** The one table of who may do what: each operation of the control plane, and how far each role reaches with it. */

import type { Role } from '../model/people.ts'

/** `own`: only what belongs to the person (exchanges of their principal or keys, their tokens, their trail). */
export type Reach = 'all' | 'own'

export interface Permission {
  /** Completes "May …". */
  readonly may: string
  /**
   * - `none`: reads of what holds neither content nor a person's deeds
   * - `write`: an audit event after it happened
   * - `evidence`: an audit event, durable in evidence too, before anything is shown
   */
  readonly audit: 'none' | 'write' | 'evidence'
  /** Nobody is asked who they are. */
  readonly isPublic?: true
  /** Reached by way of an identity provider's site; bound to this browser by the cookie of the login under way. */
  readonly isFromProvider?: true
  readonly roles: Readonly<Partial<Record<Role, Reach>>>
}

const everyone = (reach: Reach, more: Permission['roles'] = {}): Permission['roles'] => ({
  admin: reach,
  'policy-author': reach,
  approver: reach,
  investigator: reach,
  auditor: reach,
  member: reach,
  ...more,
})

const METADATA = everyone('all', { member: 'own' })
/** No admin, no auditor, no policy author: running the gateway and checking on people needs no content. */
const MASKED: Permission['roles'] = { approver: 'all', investigator: 'all', member: 'own' }
const ADMIN: Permission['roles'] = { admin: 'all' }
const OWN = everyone('own')
/** Who sees to it that evidence is kept, and that it goes. */
const KEEPERS: Permission['roles'] = { admin: 'all', investigator: 'all', auditor: 'all' }
/** Containment belongs to those who run the gateway and those who respond to incidents. */
const RESPONDER: Permission['roles'] = { admin: 'all', investigator: 'all' }
const RESPONDER_VIEW: Permission['roles'] = { ...RESPONDER, auditor: 'all', approver: 'all' }

/** Texts and patterns are for investigators alone; who writes rules tries them. */
const HUNTERS: Permission['roles'] = { investigator: 'all', 'policy-author': 'all' }
/** Only who sees every exchange: an alert tells of whatever matches. */
const ALERTERS: Permission['roles'] = {
  admin: 'all',
  'policy-author': 'own',
  approver: 'own',
  investigator: 'own',
  auditor: 'own',
}
const ALERTERS_VIEW: Permission['roles'] = {
  admin: 'all',
  'policy-author': 'all',
  approver: 'all',
  investigator: 'all',
  auditor: 'all',
}

const read = (may: string, roles: Permission['roles']): Permission => ({
  may,
  audit: 'none',
  roles,
})
const write = (may: string, roles: Permission['roles']): Permission => ({
  may,
  audit: 'write',
  roles,
})
const evidence = (may: string, roles: Permission['roles']): Permission => ({
  may,
  audit: 'evidence',
  roles,
})

const PERMISSIONS = {
  'login.methods': { ...read('see how one can log in', {}), isPublic: true },
  'login.link': { ...write('log in with a one-time link', {}), isPublic: true },
  'login.start': {
    ...read('begin a login at an identity provider', {}),
    isPublic: true,
    isFromProvider: true,
  },
  'login.callback': {
    ...write('finish a login at an identity provider', {}),
    isPublic: true,
    isFromProvider: true,
  },
  'login.saml': {
    ...write('finish a login at a SAML identity provider', {}),
    isPublic: true,
    isFromProvider: true,
  },
  'login.saml-metadata': {
    ...read('see the SAML metadata of this console', {}),
    isPublic: true,
  },
  'login.saml-logout': {
    ...write('be logged out by a SAML identity provider', {}),
    isPublic: true,
    isFromProvider: true,
  },
  'login.end': write('log out', OWN),
  'device.start': { ...read('begin a device login', {}), isPublic: true },
  'device.poll': { ...read('ask how a device login stands', {}), isPublic: true },
  'device.refresh': { ...read('get a new caller token', {}), isPublic: true },
  'device.read': read('see which device asks', OWN),
  'device.decide': write('let a device act for oneself', OWN),
  'me.read': read('see who one is and what one may do', OWN),

  'login-sessions.list': read('list login sessions', everyone('own', { admin: 'all' })),
  'login-sessions.revoke': write('end a login session', everyone('own', { admin: 'all' })),
  'tokens.list': read('list one’s API tokens', OWN),
  'tokens.create': write('make an API token', OWN),
  'tokens.revoke': write('revoke an API token', everyone('own', { admin: 'all' })),
  'views.list': read('list saved views', OWN),
  'views.create': write('save a view', OWN),
  'views.update': write('change a saved view', OWN),
  'views.delete': write('delete a saved view', OWN),

  'exchanges.list': read('list exchanges', METADATA),
  'exchanges.facets': read('count exchanges by field', METADATA),
  'exchanges.histogram': read('count exchanges over time', METADATA),
  'exchanges.live': read('follow exchanges as they happen', METADATA),
  'exchanges.read': evidence('see the metadata of one exchange', METADATA),
  'exchanges.proof': evidence('check the record of one exchange', METADATA),
  'entities.read': read('see what is known of a principal, key, service, model or tool', METADATA),
  'findings.list': read('see found values, grouped', METADATA),
  'conversations.list': read('list conversations', METADATA),
  'conversations.read': evidence('see the thread of one conversation', METADATA),
  'hunts.list': read('see which hunts there are', HUNTERS),
  'hunts.begin': evidence('look for a text, pattern or rule in the whole record', HUNTERS),
  'hunts.read': evidence('see what a hunt found, masked', HUNTERS),
  'hunts.cancel': write('cancel a hunt', HUNTERS),
  'hunts.resume': evidence('take up a hunt again', HUNTERS),
  'alerts.list': read('see alerts on searches', ALERTERS_VIEW),
  'alerts.create': write('set an alert on a search', ALERTERS_VIEW),
  'alerts.update': write('change or mute an alert on a search', ALERTERS),
  'alerts.delete': write('take away an alert on a search', ALERTERS),
  'trace.search': evidence('find who was exposed to a text', { investigator: 'all' }),
  'content.read': evidence('read content with its text masked', MASKED),
  'content.reveal': evidence('read content as it was', { investigator: 'all' }),
  'accesses.list': read('see who asks to read restricted content', {
    approver: 'all',
    investigator: 'all',
    auditor: 'all',
    member: 'own',
  }),
  'accesses.ask': evidence('ask to read restricted content', MASKED),
  'accesses.decide': evidence('let somebody else read restricted content', {
    approver: 'all',
    investigator: 'all',
  }),
  'accesses.end': write('give back what one was let in to', MASKED),
  'reveals.list': read('see which reveals were opened', { investigator: 'own', auditor: 'all' }),
  'reveals.create': evidence('open a reveal, with a reason', { investigator: 'all' }),
  'reveals.end': write('end a reveal early', { investigator: 'own' }),

  'cases.list': read('see which cases there are', { investigator: 'all', auditor: 'all' }),
  'cases.read': evidence('read a case', { investigator: 'all' }),
  'cases.create': write('open a case', { investigator: 'all' }),
  'cases.update': write('work on a case', { investigator: 'all' }),
  'runs.start': evidence('trace a text and keep the answer in a case', { investigator: 'all' }),
  'cases.contain': write('lock what a case is about, in one act', { investigator: 'all' }),
  'cases.propose': write('try a rule against what leaked, without publishing it', {
    investigator: 'all',
  }),
  'cases.tell': write('tell others about a case', { investigator: 'all' }),
  'approvals.list': read('list held requests', METADATA),
  'approvals.live': read('hear when held requests change', METADATA),
  'approvals.read': evidence(
    'see one held request, approvers and investigators with masked excerpts',
    METADATA,
  ),
  'approvals.decide': write('approve or deny held requests', { approver: 'all' }),
  'approvals.cancel': write('take one’s own request back', OWN),
  'approvals.review': write('review an approval that broke the glass', {
    admin: 'all',
    approver: 'all',
    auditor: 'all',
  }),
  'approvals.page': {
    ...read('see the state of a held request by its secret link', {}),
    isPublic: true,
  },
  'approvals.slack': { ...write('decide by a click in Slack, signed by it', {}), isPublic: true },
  'grants.list': read('see what approvals permit', METADATA),
  'grants.revoke': write('end what an approval permits', { admin: 'all', approver: 'all' }),
  'holds.list': read('see legal holds', KEEPERS),
  'holds.set': write('set a legal hold, with a reason', KEEPERS),
  'holds.release': write('release a legal hold that somebody else set', {
    admin: 'all',
    investigator: 'all',
  }),
  'retention.plan': read('see what retention will erase', KEEPERS),
  'retention.run': write('have retention erase what is due now', ADMIN),
  'erasures.list': read('see what was erased, when and why', KEEPERS),
  'erasures.preview': evidence('see what a request would erase', {
    admin: 'all',
    investigator: 'all',
  }),
  'erasures.create': write('erase on request, with a reason', {
    admin: 'all',
    investigator: 'all',
  }),
  'exports.orders': read('see which exports wait for another person', {
    ...KEEPERS,
    approver: 'all',
  }),
  'exports.decide': write('approve or deny the export of somebody else', {
    ...KEEPERS,
    approver: 'all',
  }),
  'exports.fetch': evidence('fetch a bundle that another person approved', {
    approver: 'all',
    investigator: 'all',
  }),
  'exports.create': evidence('export exchanges as a signed bundle, masked', {
    approver: 'all',
    investigator: 'all',
  }),

  'policy.read': read('see the policy and its versions', {
    admin: 'all',
    'policy-author': 'all',
    approver: 'all',
    investigator: 'all',
    auditor: 'all',
  }),
  'policy.explain': read('see what each rule saw in an exchange', {
    admin: 'all',
    'policy-author': 'all',
    approver: 'all',
    investigator: 'all',
    auditor: 'all',
  }),
  'policy.check': write('check a policy that is being written', { 'policy-author': 'all' }),
  'policy.backtest': write('try a policy on what was recorded', { 'policy-author': 'all' }),
  'policy.publish': write('publish a policy', { 'policy-author': 'all' }),

  'keys.list': read(
    'list gateway keys',
    everyone('own', { admin: 'all', investigator: 'all', auditor: 'all' }),
  ),
  'keys.create': write('make a gateway key', ADMIN),
  // Not for owners: whoever could give a key away could make somebody else answer for what they sent.
  'keys.hand-over': write('give a gateway key to another person', ADMIN),
  'keys.last-use': evidence(
    'see the last use of a gateway key',
    everyone('own', { admin: 'all', investigator: 'all', auditor: 'all' }),
  ),
  'keys.revoke': write('revoke a gateway key', everyone('own', { admin: 'all' })),
  'trust.list': read('see the trust rules', RESPONDER_VIEW),
  'trust.create': write('make a trust rule', ADMIN),
  'trust.update': write('change a trust rule', ADMIN),
  'trust.hand-over': write('give a trust rule to another person', ADMIN),
  'trust.delete': write('remove a trust rule', ADMIN),
  'trust.tokens': read('see the tokens made by exchange', RESPONDER_VIEW),
  'trust.revoke-token': write('revoke a token made by exchange', RESPONDER),
  'locks.list': read('see which locks hold', RESPONDER_VIEW),
  'locks.preview': read('see what a lock would hit', RESPONDER),
  'locks.set': write('lock a caller, upstream, model, conversation or finding', RESPONDER),
  'locks.release': write('release a lock', RESPONDER),
  'upstreams.list': read('see the upstreams and how they do', everyone('all')),
  'people.list': read('list people', everyone('own', { admin: 'all', auditor: 'all' })),
  'people.read': read('see one person', everyone('own', { admin: 'all', auditor: 'all' })),
  'people.holdings': read('see what a person answers for', { admin: 'all', auditor: 'all' }),
  'people.create': write('add a person', ADMIN),
  'people.update': write('change name, roles or state of a person', ADMIN),
  'people.login-link': write('make a one-time login link for a person', ADMIN),
  'scim-clients.list': read('list provisioning clients', { admin: 'all', auditor: 'all' }),
  'scim-clients.create': write('make a provisioning client', ADMIN),
  'scim-clients.revoke': write('revoke a provisioning client', ADMIN),
  'audit.list': read('read the audit trail', everyone('own', { admin: 'all', auditor: 'all' })),
  'evidence.health': read('see the transparency log and who holds its checkpoints', METADATA),
  'keyring.read': read('see which keys protect the evidence', { admin: 'all', auditor: 'all' }),
  'keyring.change': write('rotate and revoke the keys of the evidence', ADMIN),
  'evidence.verify': write('verify every record against the log', {
    admin: 'all',
    auditor: 'all',
    investigator: 'all',
  }),
  'dead-letters.list': read('see what receivers did not take', { admin: 'all', auditor: 'all' }),
  'dead-letters.retry': write('send again what a receiver did not take', ADMIN),
  'dead-letters.drop': write('give up what a receiver did not take, with a reason', ADMIN),
  'status.read': read('see the state of the gateway', everyone('all')),
} as const satisfies Record<string, Permission>

export type Operation = keyof typeof PERMISSIONS

export const OPERATIONS: readonly Operation[] = Object.keys(PERMISSIONS).filter(isOperation)

export function isOperation(text: string): text is Operation {
  return Object.hasOwn(PERMISSIONS, text)
}

export function permissionOf(operation: Operation): Permission {
  return PERMISSIONS[operation]
}

/** The farthest reach that any of the roles gives; null when none permits the operation. */
export function reachOf(operation: Operation, roles: readonly Role[]): Reach | null {
  const granted = permissionOf(operation).roles
  const reaches = roles.map((role) => granted[role])
  if (reaches.includes('all')) return 'all'
  return reaches.includes('own') ? 'own' : null
}
