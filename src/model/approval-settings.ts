/** How held requests are treated, as custody.yaml says: groups, defaults, and where approvers are told. */

import type { KeepaliveSettings } from './keepalive.ts'

export type PendingAnswer = 'by-client' | 'retry' | 'final'

export interface HoldSettings {
  /** Longest silence; less where the client says that it gives up earlier. */
  readonly budgetMs: number
  readonly pending: PendingAnswer
  /** Null: nothing is said until the decision, so that every answer is still possible. */
  readonly keepalive: KeepaliveSettings | null
}

/** A secret that shows only when asked. */
export interface HiddenText {
  readonly reveal: () => string
}

export interface WebhookTarget {
  readonly name: string
  readonly url: string
  /** `whsec_…`, as Standard Webhooks has it. */
  readonly secret: HiddenText
}

export interface SlackTarget {
  readonly channel: string
  /** Origin of the Slack API. */
  readonly apiUrl: string
  readonly botToken: HiddenText
  readonly signingSecret: HiddenText
  /** Slack user ids and the logins of the people they were verified to be. */
  readonly people: Readonly<Record<string, string>>
}

export interface TeamsTarget {
  readonly name: string
  readonly url: HiddenText
}

export interface EmailTarget {
  readonly smtpUrl: HiddenText
  readonly from: string
  readonly to: readonly string[]
}

export interface ApprovalSettings {
  /** Origin under which people open the console; null: where it listens. */
  readonly consoleUrl: string | null
  /** Names that rules may ask for, and the logins in each. */
  readonly groups: Readonly<Record<string, readonly string[]>>
  readonly breakGlass: readonly string[]
  /** False: who wrote a rule does not approve what it holds. */
  readonly authorsMayApprove: boolean
  /** A login this recent counts as fresh. */
  readonly freshLoginMs: number
  readonly hold: HoldSettings
  /** By name of the route. */
  readonly routes: Readonly<Record<string, Partial<HoldSettings>>>
  readonly webhooks: readonly WebhookTarget[]
  readonly slack: SlackTarget | null
  readonly teams: readonly TeamsTarget[]
  readonly email: EmailTarget | null
}

export function holdSettingsOf(settings: ApprovalSettings, route: string): HoldSettings {
  return { ...settings.hold, ...settings.routes[route] }
}
