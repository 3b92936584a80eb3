/** The resolved configuration every room reads: deep readonly, no optional field, milliseconds and bytes. */
import type { ExportApprovalRules } from '../model/export-orders.ts'
import type { PublicationConfig } from './evidence-config.ts'
import type { MaskingPlan } from '../detect/masking-plan.ts'
import type { PriceList } from '../model/cost.ts'
import type { ApprovalSettings } from '../model/approval-settings.ts'
import type { TrustRule } from '../model/trust.ts'
import type { RestrictedSettings } from '../model/restricted.ts'
import type { SinkSettings } from '../model/export-settings.ts'
import type { RecordingMode, Route, Upstream } from '../model/upstream.ts'
import type { LoginConfig } from './login-config.ts'
import type { LoadedPolicy } from './policy/read-policy.ts'
import type { Secret } from './secret.ts'

/** A listening address. `host` has no brackets, also for IPv6; port 0 means any free port. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** Absolute paths of PEM files. */
export interface TlsFiles {
  readonly certFile: string
  readonly keyFile: string
  /** Null where callers are not asked for a certificate. */
  readonly clientCertificates: ClientCertificateFiles | null
}

export interface ClientCertificateFiles {
  readonly caFile: string
  /** Null where no certificate is ever revoked by a list. */
  readonly crlFile: string | null
  readonly whenCrlUnknown: 'refuse' | 'pass'
  readonly required: boolean
}

export interface Limits {
  readonly headerBytesMax: number
  readonly bodyBytesMax: number
  readonly inspectBytesMax: number
  readonly jsonDepthMax: number
  readonly jsonElementsMax: number
  readonly concurrentExchangesMax: number
  readonly bufferedBytesMax: number
  readonly headersMs: number
  readonly requestIdleMs: number
  readonly connectMs: number
  readonly firstByteMs: number
  readonly idleMs: number
  readonly drainMs: number
}

export interface RecordingConfig {
  readonly mode: RecordingMode
  readonly segmentBytesMax: number
  readonly segmentAgeMs: number
  readonly flushMs: number
  readonly deadlineMs: number
  readonly freeBytesMin: number
}

export type IndexConfig =
  | { readonly kind: 'sqlite' }
  /** `url.reveal()` gives the connection string. */
  | { readonly kind: 'postgres'; readonly url: Secret }

export interface StorageConfig {
  /** Absolute path of the data folder. */
  readonly folder: string
  readonly index: IndexConfig
}

export interface ContainmentConfig {
  readonly staleAfterMs: number
  readonly whenStale: 'refuse' | 'pass'
}

export interface TrustConfig {
  readonly rules: readonly TrustRule[]
  readonly allowPrivateIssuers: boolean
}

export interface RetentionClass {
  readonly name: string
  readonly minDays: number
  /** Null: kept until an operator sets a maximum. */
  readonly maxDays: number | null
  /** Globs: an exchange that policy gave such a tag belongs to it, whatever its route says. The first class wins. */
  readonly tags: readonly string[]
}

/** What an exchange must look like for a rule to apply; null matches anything. `*` in a glob is any text. */
export interface RouteMatch {
  readonly upstream: string | null
  readonly surface: string | null
  readonly service: string | null
  readonly model: string | null
}

export interface RouteRule extends Route {
  readonly match: RouteMatch
}

export interface PolicyFile {
  /** Absolute. */
  readonly file: string
  readonly loaded: LoadedPolicy
  /** URL that webhook alerts go to. */
  readonly webhook: Secret | null
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

export interface LogConfig {
  readonly level: LogLevel
  /** `auto`: readable on a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'json' | 'pretty'
}

export interface KeysConfig {
  readonly staleAfterMs: number
  /** Null: never. */
  readonly graceMs: number | null
  readonly ownersArePeople: boolean
}

export interface Config {
  /** Absolute path of the file it came from; null when it came from the environment alone. */
  readonly file: string | null
  readonly listen: Address
  readonly admin: Address
  /** TLS of the data plane; null means clear text. */
  readonly tls: TlsFiles | null
  readonly login: LoginConfig
  /** When gateway keys count as left behind. */
  readonly keys: KeysConfig
  readonly upstreams: readonly Upstream[]
  /** First match wins; the last rule is named `default` and matches everything. */
  readonly routes: readonly RouteRule[]
  /** By name of the route; routes that are not there are not masked. */
  readonly masking: Readonly<Record<string, MaskingPlan>>
  /** The policy file; null when none is named. */
  readonly policy: PolicyFile | null
  /** Empty when no prices are written. */
  readonly prices: PriceList
  readonly approvals: ApprovalSettings
  readonly exports: readonly SinkSettings[]
  readonly restricted: RestrictedSettings
  /** Which bundles wait for another person. */
  readonly bundles: ExportApprovalRules
  readonly limits: Limits
  readonly containment: ContainmentConfig
  readonly evidence: PublicationConfig
  readonly trust: TrustConfig
  readonly recording: RecordingConfig
  readonly storage: StorageConfig
  readonly retention: readonly RetentionClass[]
  readonly log: LogConfig
  /** SHA-256 of the canonical redacted form, 64 hex digits: names the snapshot in evidence. */
  readonly hash: string
}

/** One thing wrong with what was written. No field ever holds a secret. */
export interface ConfigProblem {
  /** Dotted, e.g. `upstreams.openai.baseUrl`; empty for the file as a whole. */
  readonly path: string
  /** Where it was written: a file path, `env NAME`, or a flag such as `--listen`. */
  readonly source: string
  /** From 1; null when it was not written in a file. */
  readonly line: number | null
  readonly column: number | null
  readonly message: string
  readonly found: string
  readonly allowed: string
  readonly hint: string
}

export type ConfigResult =
  | { readonly kind: 'config'; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly kind: 'problems'; readonly problems: readonly ConfigProblem[] }
