/** Secrets that do their work and never show: printing, JSON and inspection give their source instead. */
import { inspect } from 'node:util'
import type { UpstreamCredential } from '../model/upstream.ts'

/** Where a secret comes from, in words that may be printed: `env OPENAI_API_KEY`, `file /run/secrets/key`. */
export type SecretSource = string

/** A text that is only given out by `reveal`. An empty one is missing, in a configuration that is only printed. */
export class Secret {
  readonly #text: string
  readonly source: SecretSource

  constructor(text: string, source: SecretSource) {
    this.#text = text
    this.source = source
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return this.#text === '' ? `(missing: ${this.source})` : `(from ${this.source})`
  }

  toJSON(): string {
    return this.toString()
  }

  [inspect.custom](): string {
    return this.toString()
  }
}

/**
 * A header credential. `secret` is a getter over a private field, so a spread or `structuredClone` of the object
 * does not carry it: pass the object itself.
 */
class HeaderCredential {
  readonly kind = 'header'
  readonly header: string
  readonly prefix: string
  readonly #secret: Secret

  constructor(header: string, prefix: string, secret: Secret) {
    this.header = header
    this.prefix = prefix
    this.#secret = secret
  }

  get secret(): string {
    return this.#secret.reveal()
  }

  toJSON(): Readonly<Record<string, string>> {
    const { kind, header, prefix } = this
    return { kind, header, prefix, secret: this.#secret.toString() }
  }

  [inspect.custom](): Readonly<Record<string, string>> {
    return this.toJSON()
  }
}

export interface Sigv4Secrets {
  readonly accessKeyId: Secret
  readonly secretAccessKey: Secret
  readonly sessionToken: Secret | null
}

/** AWS keys; the same caution as for the header credential. */
class Sigv4Credential {
  readonly kind = 'sigv4'
  readonly region: string
  readonly service: string
  readonly #secrets: Sigv4Secrets

  constructor(region: string, service: string, secrets: Sigv4Secrets) {
    this.region = region
    this.service = service
    this.#secrets = secrets
  }

  get accessKeyId(): string {
    return this.#secrets.accessKeyId.reveal()
  }

  get secretAccessKey(): string {
    return this.#secrets.secretAccessKey.reveal()
  }

  get sessionToken(): string | null {
    return this.#secrets.sessionToken?.reveal() ?? null
  }

  toJSON(): Readonly<Record<string, string | null>> {
    const { kind, region, service } = this
    return {
      kind,
      region,
      service,
      accessKeyId: this.#secrets.accessKeyId.toString(),
      secretAccessKey: this.#secrets.secretAccessKey.toString(),
      sessionToken: this.#secrets.sessionToken?.toString() ?? null,
    }
  }

  [inspect.custom](): Readonly<Record<string, string | null>> {
    return this.toJSON()
  }
}

/** Sent upstream as `<header>: <prefix><secret>`. */
export function headerCredential(
  header: string,
  prefix: string,
  secret: Secret,
): UpstreamCredential {
  return new HeaderCredential(header, prefix, secret)
}

/** Signs upstream calls with AWS Signature Version 4. */
export function sigv4Credential(
  region: string,
  service: string,
  secrets: Sigv4Secrets,
): UpstreamCredential {
  return new Sigv4Credential(region, service, secrets)
}

/** Request headers that may hold secrets: their values are enumerable, yet JSON and inspection show only sources. */
export function guardedHeaders(
  values: ReadonlyMap<string, string | Secret>,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {}
  const shown: Record<string, string> = {}
  for (const [name, value] of values) {
    headers[name] = typeof value === 'string' ? value : value.reveal()
    shown[name] = value.toString()
  }
  Object.defineProperty(headers, 'toJSON', { enumerable: false, value: () => shown })
  Object.defineProperty(headers, inspect.custom, { enumerable: false, value: () => shown })
  return headers
}
