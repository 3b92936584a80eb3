/** The public keys of one issuer: cached, fetched once however many ask, kept through an outage of the issuer. */
import { importJWK } from 'jose'
import type { CryptoKey, JWK } from 'jose'
import type { Clock } from '../../lib/clock.ts'
import type { JwtAlgorithm, KeySource } from '../../model/trust.ts'
import type { FetchJson } from './guarded-fetch.ts'

/** After this the keys are asked for again, while the known ones go on. */
const FRESH_MS = 10 * 60 * 1000
/** An unknown key id makes us ask again at most this often: strangers can invent ids. */
const COOLDOWN_MS = 30 * 1000
/** An issuer that does not answer is asked again after this. */
const RETRY_MS = 5 * 1000
/** Keys that could not be confirmed for so long are trusted no more. */
const OUTAGE_MAX_MS = 24 * 60 * 60 * 1000
const KEYS_MAX = 100
/** Keys that share an id (or have none) are tried, up to this many. */
const CANDIDATES_MAX = 4

const KEY_TYPES: Readonly<Record<JwtAlgorithm, readonly [kty: string, crv: string | null]>> = {
  RS256: ['RSA', null],
  RS384: ['RSA', null],
  RS512: ['RSA', null],
  PS256: ['RSA', null],
  PS384: ['RSA', null],
  PS512: ['RSA', null],
  ES256: ['EC', 'P-256'],
  ES384: ['EC', 'P-384'],
  ES512: ['EC', 'P-521'],
  EdDSA: ['OKP', 'Ed25519'],
}
const MEMBERS = ['kty', 'crv', 'n', 'e', 'x', 'y'] as const
/** `jwt-svid` is what SPIFFE bundles say. */
const USES: readonly unknown[] = [undefined, 'sig', 'jwt-svid']

export interface KeySet {
  /** Changes when the keys do: what was verified before is verified again. */
  readonly generation: () => number
  /** The keys that may have signed; empty when none fits. Rejects when the issuer never answered, or not for too long. */
  readonly find: (alg: JwtAlgorithm, kid: string | null) => Promise<readonly CryptoKey[]>
}

export interface KeySetOptions {
  readonly issuer: string
  readonly source: KeySource
  readonly fetchJson: FetchJson
  readonly clock: Clock
}

export function createKeySet(options: KeySetOptions): KeySet {
  return new IssuerKeys(options)
}

class IssuerKeys implements KeySet {
  readonly #options: KeySetOptions
  #keys: readonly JWK[] = []
  #imported = new Map<string, Promise<CryptoKey | null>>()
  #generation = 0
  #text = ''
  #fetchedAt = Number.NEGATIVE_INFINITY
  #triedAt = Number.NEGATIVE_INFINITY
  #running: Promise<void> | null = null
  #failure: unknown = null

  constructor(options: KeySetOptions) {
    this.#options = options
    if (options.source.kind === 'fixed') {
      this.#put(JSON.parse(options.source.jwks))
      this.#fetchedAt = Number.POSITIVE_INFINITY
    }
  }

  readonly generation = (): number => {
    // Asked with every call: keys that have aged are looked after without anybody waiting.
    if (this.#age() > FRESH_MS && this.#mayTry(RETRY_MS)) void this.#refresh()
    return this.#age() > OUTAGE_MAX_MS ? -1 : this.#generation
  }

  readonly find = async (alg: JwtAlgorithm, kid: string | null): Promise<readonly CryptoKey[]> => {
    if (this.#age() > FRESH_MS) {
      const asking = this.#mayTry(RETRY_MS) ? this.#refresh() : this.#running
      if (this.#age() > OUTAGE_MAX_MS) await asking
    }
    if (this.#age() > OUTAGE_MAX_MS) throw this.#failure ?? new Error('no keys of the issuer')
    const found = await this.#matching(alg, kid)
    if (found.length > 0) return found
    if (this.#options.source.kind === 'fixed') return []
    if (this.#running === null && !this.#mayTry(COOLDOWN_MS)) return []
    await (this.#running ?? this.#refresh())
    return this.#matching(alg, kid)
  }

  #age(): number {
    return this.#options.clock.monotonicMs() - this.#fetchedAt
  }

  #mayTry(everyMs: number): boolean {
    return this.#running === null && this.#options.clock.monotonicMs() - this.#triedAt >= everyMs
  }

  #refresh(): Promise<void> {
    this.#triedAt = this.#options.clock.monotonicMs()
    this.#running ??= this.#learn().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #learn(): Promise<void> {
    try {
      this.#put(await this.#fetch())
      this.#fetchedAt = this.#options.clock.monotonicMs()
      this.#failure = null
    } catch (error) {
      this.#failure = error
    }
  }

  async #fetch(): Promise<unknown> {
    const { source, issuer, fetchJson } = this.#options
    if (source.kind === 'jwks') return fetchJson(source.url)
    const document = await fetchJson(
      `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    )
    if (typeof document !== 'object' || document === null || !('jwks_uri' in document))
      throw new Error('the discovery document names no keys')
    // OpenID Connect Discovery 4.3: the document must speak of the issuer that was asked for.
    if (!('issuer' in document) || document.issuer !== issuer)
      throw new Error('the discovery document is of another issuer')
    return fetchJson(String(document.jwks_uri))
  }

  #put(set: unknown): void {
    if (typeof set !== 'object' || set === null || !('keys' in set) || !Array.isArray(set.keys))
      throw new Error('not a key set')
    const keys = set.keys.slice(0, KEYS_MAX).filter(isPublicKey)
    if (keys.length === 0) throw new Error('the key set holds no usable key')
    const text = JSON.stringify(keys)
    if (text === this.#text) return
    this.#text = text
    this.#keys = keys
    this.#imported = new Map()
    this.#generation += 1
  }

  async #matching(alg: JwtAlgorithm, kid: string | null): Promise<readonly CryptoKey[]> {
    const [kty, crv] = KEY_TYPES[alg]
    const fits = this.#keys.filter(
      (key) =>
        key.kty === kty &&
        (crv === null || key.crv === crv) &&
        (key.alg === undefined || key.alg === alg || (alg === 'EdDSA' && key.alg === 'Ed25519')) &&
        (kid === null || key.kid === kid),
    )
    // Without an id only one key can be meant.
    if (kid === null && fits.length > 1) return []
    const keys = await Promise.all(
      fits.slice(0, CANDIDATES_MAX).map((key) => this.#import(key, alg)),
    )
    return keys.filter((key) => key !== null)
  }

  #import(key: JWK, alg: JwtAlgorithm): Promise<CryptoKey | null> {
    const name = `${alg} ${this.#keys.indexOf(key)}`
    const known = this.#imported.get(name)
    if (known !== undefined) return known
    const imported = importPublic(key, alg)
    this.#imported.set(name, imported)
    return imported
  }
}

/** Null for a key that does not hold together (a point off the curve, a short modulus). */
async function importPublic(key: JWK, alg: JwtAlgorithm): Promise<CryptoKey | null> {
  const bare: Record<string, unknown> = { alg }
  for (const member of MEMBERS) if (key[member] !== undefined) bare[member] = key[member]
  try {
    const imported = await importJWK(bare, alg)
    return imported instanceof Uint8Array ? null : imported
  } catch {
    return null
  }
}

function isPublicKey(value: unknown): value is JWK {
  if (typeof value !== 'object' || value === null || !('kty' in value)) return false
  if ('d' in value || 'k' in value) return false
  const use = 'use' in value ? value.use : undefined
  const operations = 'key_ops' in value ? value.key_ops : undefined
  if (!USES.includes(use)) return false
  return operations === undefined || (Array.isArray(operations) && operations.includes('verify'))
}
