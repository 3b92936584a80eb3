/** The resolved `evidence` section. */
import type { Secret } from './secret.ts'

export interface PublicationConfig {
  readonly publishEveryMs: number
  readonly witnesses: readonly {
    readonly name: string
    readonly key: string
    readonly url: string
  }[]
  readonly quorum: number
  /** Absolute. */
  readonly files: readonly string[]
  readonly webhooks: readonly { readonly url: string; readonly authorization: Secret | null }[]
  readonly objectStores: readonly {
    readonly endpoint: string
    readonly region: string
    readonly bucket: string
    readonly prefix: string
    readonly accessKeyId: Secret
    readonly secretAccessKey: Secret
  }[]
  readonly timestampUrl: string | null
}
