/** Authenticates gateway keys from memory; a key that was changed by any process counts from the next request on. */
import type { Clock } from '../lib/clock.ts'
import type { KeyId } from '../lib/ids.ts'
import { fail } from '../model/errors.ts'
import type { KeyRow, KeyTable } from '../model/keys.ts'
import type { Authenticator, IdentityFailure, IdentityResult } from '../model/principal.ts'
import { looksLikeGatewayKey, parseKey } from './gateway-key.ts'

const FLUSH_MS = 5000
/** Threat: somebody who tries keys must not fill the memory. */
const UNKNOWN_MAX = 1000

export interface KeyAuthenticatorOptions {
  readonly table: KeyTable
  readonly clock: Clock
  /** Between two writes of last uses; 5 s unless told. */
  readonly flushMs?: number
  /** Told when last uses could not be written; they are kept and written with the next ones. */
  readonly onFlushFailure?: (error: unknown) => void
}

export interface KeyAuthenticator extends Authenticator, AsyncDisposable {
  /** Rejects with `identity.unavailable` when the key table cannot be read: an unread key is never let in. */
  readonly authenticate: (credential: string) => IdentityResult | null | Promise<IdentityResult>
  /** Writes the last uses collected so far. */
  readonly flush: () => Promise<void>
}

export function createKeyAuthenticator(options: KeyAuthenticatorOptions): KeyAuthenticator {
  return new CachedKeys(options)
}

interface KnownKey {
  readonly row: KeyRow
  /** Made once: a principal is the same for every exchange of its key. */
  readonly accepted: IdentityResult
}

class CachedKeys implements KeyAuthenticator {
  readonly name = 'gateway-key'
  readonly #table: KeyTable
  readonly #clock: Clock
  readonly #onFlushFailure: (error: unknown) => void
  readonly #timer: NodeJS.Timeout
  readonly #known = new Map<string, KnownKey>()
  readonly #unknown = new Set<string>()
  #version = Number.NaN
  #uses = new Map<KeyId, number>()

  constructor(options: KeyAuthenticatorOptions) {
    this.#table = options.table
    this.#clock = options.clock
    this.#onFlushFailure = options.onFlushFailure ?? (() => {})
    this.#timer = setInterval(() => void this.flush(), options.flushMs ?? FLUSH_MS)
    this.#timer.unref()
  }

  readonly authenticate = (credential: string): IdentityResult | null | Promise<IdentityResult> => {
    if (!looksLikeGatewayKey(credential)) return null
    const parsed = parseKey(credential)
    if (parsed.kind === 'malformed') return refused('malformed', null)
    const version = this.#table.version()
    if (version !== this.#version) {
      this.#known.clear()
      this.#unknown.clear()
      this.#version = version
    }
    const known = this.#known.get(parsed.hash)
    if (known !== undefined) return this.#judge(known)
    if (this.#unknown.has(parsed.hash)) return refused('unknown', null)
    return this.#read(parsed.hash, version)
  }

  readonly flush = async (): Promise<void> => {
    if (this.#uses.size === 0) return
    const uses = this.#uses
    this.#uses = new Map()
    try {
      await this.#table.touch(uses)
    } catch (error) {
      // Uses that came meanwhile are later than these.
      this.#uses = new Map([...uses, ...this.#uses])
      this.#onFlushFailure(error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.flush()
  }

  async #read(hash: string, version: number): Promise<IdentityResult> {
    let row: KeyRow | null
    try {
      row = await this.#table.byHash(hash)
    } catch (error) {
      throw fail('identity.unavailable', '', error)
    }
    // The row may be older than a change that was seen while it was read; then it counts for this request only.
    const isCurrent = version === this.#version
    if (row === null) {
      if (isCurrent) this.#remember(hash)
      return refused('unknown', null)
    }
    const known = { row, accepted: accept(row) }
    if (isCurrent) this.#known.set(hash, known)
    return this.#judge(known)
  }

  #judge({ row, accepted }: KnownKey): IdentityResult {
    if (row.revokedAtMs !== null) return refused('revoked', row.id)
    const nowMs = this.#clock.nowMs()
    if (row.expiresAtMs !== null && nowMs >= row.expiresAtMs) return refused('expired', row.id)
    this.#uses.set(row.id, nowMs)
    return accepted
  }

  #remember(unknownHash: string): void {
    if (this.#unknown.size >= UNKNOWN_MAX) this.#unknown.clear()
    this.#unknown.add(unknownHash)
  }
}

function refused(reason: IdentityFailure, keyId: KeyId | null): IdentityResult {
  return { kind: 'failure', reason, keyId }
}

function accept(row: KeyRow): IdentityResult {
  return {
    kind: 'principal',
    principal: {
      id: row.owner,
      kind: row.service === '' ? 'person' : 'service',
      method: 'gateway-key',
      service: row.service,
      groups: [],
      keyId: row.id,
      owner: row.owner,
      issuer: '',
      claims: {},
      allowedUpstreams: row.allowedUpstreams,
      allowedModels: row.allowedModels,
    },
  }
}
