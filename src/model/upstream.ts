/** Where exchanges are sent: a configured provider endpoint with the credential that only the gateway holds. */
import type { DialectName } from './dialect.ts'

/**
 * - `strict` (default): opening record durable before the upstream call; nothing final released before it is durable.
 * - `strict-chunks`: every answer byte durable before it is released.
 * - `best-effort`: traffic continues when the recorder cannot; the gap itself becomes a record.
 */
export type RecordingMode = 'strict' | 'strict-chunks' | 'best-effort'

export type UpstreamCredential =
  | { readonly kind: 'none' }
  /** Sent as `<header>: <prefix><secret>`. */
  | {
      readonly kind: 'header'
      readonly header: string
      readonly prefix: string
      readonly secret: string
    }
  | {
      readonly kind: 'sigv4'
      readonly region: string
      readonly service: string
      readonly accessKeyId: string
      readonly secretAccessKey: string
      readonly sessionToken: string | null
    }

export interface Upstream {
  /** First path segment in the prefix layout, e.g. `openai`, `bedrock`, `vllm`. */
  readonly name: string
  readonly dialect: DialectName
  /** Origin plus optional path prefix, no trailing slash; `{region}` is replaced for Bedrock. */
  readonly baseUrl: string
  /** Bedrock: the region for paths that name none. */
  readonly region?: string
  readonly credential: UpstreamCredential
  /** Extra request headers set by the operator, lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Values removed from `anthropic-beta`, for upstreams that refuse unknown betas. */
  readonly dropBetas: readonly string[]
  /** Permits addresses in private ranges; link-local and metadata ranges need `linkLocal`. */
  readonly allowPrivateAddresses: boolean
  readonly allowLinkLocalAddresses: boolean
  /** True for the built-in sandbox. */
  readonly sandbox: boolean
}

export interface Route {
  readonly name: string
  readonly mode: RecordingMode
  readonly retentionClass: string
}
