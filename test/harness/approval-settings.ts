/** The approval settings of tests: hold by the client, five minutes of a fresh login, and nobody to tell. */
import type { ApprovalSettings } from '../../src/model/approval-settings.ts'

const MINUTE_MS = 60_000

export const APPROVAL_SETTINGS: ApprovalSettings = {
  consoleUrl: null,
  groups: {},
  breakGlass: [],
  authorsMayApprove: true,
  freshLoginMs: 5 * MINUTE_MS,
  hold: { budgetMs: 4 * MINUTE_MS, pending: 'by-client', keepalive: null },
  routes: {},
  webhooks: [],
  slack: null,
  teams: [],
  email: null,
}
