/** The settings one exchange runs under: an immutable snapshot that a reload replaces as a whole. */
import type { Route, Upstream } from './upstream.ts'

export interface GatewayLimits {
  readonly headerBytesMax: number
  readonly bodyBytesMax: number
  /** Above this a body is streamed through the recorder and not read. */
  readonly inspectBytesMax: number
  readonly jsonDepthMax: number
  readonly jsonElementsMax: number
  readonly concurrentExchangesMax: number
  /** All bodies held in memory at one time. */
  readonly bufferedBytesMax: number
  /** From connection to complete request headers. */
  readonly headersMs: number
  /** Longest silence while a request body arrives. */
  readonly requestIdleMs: number
  readonly connectMs: number
  readonly firstByteMs: number
  /** Longest silence inside an answer. */
  readonly idleMs: number
}

/** What the choice of a route may depend on. */
export interface RouteFacts {
  readonly upstream: string
  readonly surface: string
  /** The service the credential proves: a declared tag must not choose a weaker recording mode. */
  readonly service: string
  readonly model: string | null
}

export interface GatewaySettings {
  readonly upstreams: readonly Upstream[]
  readonly routeFor: (facts: RouteFacts) => Route
  /** The class that the tags of policy rules ask for; null where none does. */
  readonly retentionClassFor: (tags: readonly string[]) => string | null
  readonly limits: GatewayLimits
}
