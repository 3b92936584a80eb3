/** What the data plane is given by the composition root: interfaces only, so that it runs without a database. */
import type { ApprovalSettings } from '../model/approval-settings.ts'
import type { ApprovalDesk } from '../model/approval.ts'
import type { Clock } from '../lib/clock.ts'
import type { Dialect, DialectName, PathMatch } from '../model/dialect.ts'
import type { ContainmentView } from '../model/containment.ts'
import type { IdentityFailure, PeerCertificate, Principal } from '../model/principal.ts'
import type { Recorder } from '../model/recorder.ts'
import type { MaskingPlan } from '../detect/masking-plan.ts'
import type { Policy } from '../policy/policy.ts'
import type { GatewaySettings } from '../model/settings.ts'
import type { Route } from '../model/upstream.ts'
import type { Admission } from './admission.ts'
import type { InFlight } from './in-flight.ts'
import type { Conversations } from './conversation/conversation.ts'
import type { RequestTools } from './masking/inspect-request.ts'
import type { TokenVault } from './masking/token-vault.ts'
import type { GatewayObserver } from './observer.ts'
import type { Strangers } from './strangers.ts'
import type { TokenEndpoint } from './token-endpoint.ts'
import type { UpstreamClient } from './upstream-client.ts'

export type Identification =
  | { readonly kind: 'principal'; readonly principal: Principal }
  /** `detail` is a sentence for the caller that quotes nothing of what was sent; often empty. */
  | { readonly kind: 'failure'; readonly reason: IdentityFailure; readonly detail: string }

/** What is looked for on a route. */
export interface RouteSight {
  /** What `masking` of the route says; null where it masks nothing. */
  readonly masking: MaskingPlan | null
  /** Masking and policy together, each way; null where nothing is looked for. */
  readonly request: MaskingPlan | null
  readonly answer: MaskingPlan | null
}

/** The settings with the policy and the compiled rules of each route. */
export interface GatewaySnapshot extends GatewaySettings {
  /** Null while there is none. */
  readonly policy: Policy | null
  readonly sightOf: (route: Route) => RouteSight
  readonly approvals: ApprovalSettings
  /** Whether callers connect over TLS. */
  readonly servesTls: boolean
}

export interface MaskingParts extends RequestTools {
  readonly vault: TokenVault
}

export interface GatewayParts {
  readonly clock: Clock
  readonly recorder: Recorder
  readonly identify: (
    flatHeaders: readonly string[],
    query: string,
    certificate: PeerCertificate | null,
  ) => Identification | Promise<Identification>
  /** The snapshot in force; an exchange keeps the one it began with. */
  readonly settings: () => GatewaySnapshot
  readonly dialectByName: (name: DialectName) => Dialect
  /** Single-origin layout: whose path is this? */
  readonly claimantOf: (request: PathMatch) => Dialect | null
  readonly upstreams: UpstreamClient
  readonly admission: Admission
  readonly tokenEndpoint: TokenEndpoint
  readonly strangers: Strangers
  readonly containment: ContainmentView
  readonly inFlight: InFlight
  readonly masking: MaskingParts
  readonly conversations: Conversations
  readonly approvals: ApprovalDesk
  readonly observer: GatewayObserver
}
