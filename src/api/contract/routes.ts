/** Every route of the contract, in the order of the reference. */
import * as access from './access.ts'
import * as cases from './cases.ts'
import * as approvals from './approvals.ts'
import * as content from './content.ts'
import * as conversations from './conversations.ts'
import * as exchanges from './exchanges.ts'
import * as login from './login.ts'
import * as exports from './exports.ts'
import * as keeping from './keeping.ts'
import * as devices from './devices.ts'
import * as keys from './keys.ts'
import * as locks from './locks.ts'
import * as evidence from './evidence.ts'
import * as operations from './operations.ts'
import * as provisioning from './provisioning.ts'
import * as policy from './policy.ts'
import * as people from './people.ts'
import * as trace from './trace.ts'
import * as views from './views.ts'

export const ROUTES = [
  exchanges.listExchanges,
  exchanges.countFacets,
  exchanges.countHistogram,
  exchanges.followExchanges,
  exchanges.readExchange,
  exchanges.checkExchange,
  content.readContent,
  content.readReplay,
  content.readRaw,
  content.createReveal,
  content.listReveals,
  content.endReveal,
  trace.traceText,
  conversations.listConversations,
  conversations.readConversation,
  conversations.readExchangeThread,
  approvals.listApprovals,
  approvals.followApprovals,
  approvals.readApproval,
  approvals.decideApproval,
  approvals.cancelApproval,
  approvals.reviewApproval,
  approvals.listGrants,
  approvals.revokeGrant,
  approvals.readRequestPage,
  keeping.listHolds,
  keeping.setHold,
  keeping.releaseHold,
  keeping.planRetention,
  keeping.runRetention,
  keeping.previewErasure,
  keeping.createErasure,
  keeping.listErasures,
  keeping.readErasure,
  keeping.readTombstone,
  exports.createExport,
  policy.readPolicyNow,
  policy.listPolicyVersions,
  policy.readPolicyVersion,
  policy.checkPolicy,
  policy.backtestPolicy,
  policy.publishPolicy,
  keys.listKeys,
  keys.createKey,
  keys.revokeKey,
  keys.handOverKey,
  keys.readKeyLastUse,
  locks.listLocks,
  locks.previewLock,
  locks.createLock,
  locks.releaseLock,
  people.listPeople,
  people.createPerson,
  people.readPerson,
  people.updatePerson,
  people.createLoginLink,
  provisioning.listScimClients,
  provisioning.createScimClient,
  provisioning.revokeScimClient,
  access.listLoginMethods,
  access.loginByLink,
  login.startLogin,
  login.finishLogin,
  login.finishSamlLogin,
  login.readSamlMetadata,
  login.endSamlLogin,
  access.logout,
  access.readMe,
  devices.startDeviceLogin,
  devices.pollDeviceLogin,
  devices.refreshDeviceToken,
  devices.readDeviceLogin,
  devices.decideDeviceLogin,
  access.listLoginSessions,
  access.revokeLoginSession,
  access.listTokens,
  access.createToken,
  access.revokeToken,
  cases.listCases,
  cases.createCase,
  cases.readCase,
  cases.updateCase,
  cases.addCaseEntry,
  cases.changeCaseEntry,
  cases.removeCaseEntry,
  cases.addCaseMember,
  cases.removeCaseMember,
  views.listViews,
  views.createView,
  views.updateView,
  views.deleteView,
  evidence.readEvidence,
  evidence.verifyEvidence,
  operations.listUpstreams,
  operations.readStatus,
  operations.listAudit,
] as const
