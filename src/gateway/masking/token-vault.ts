/** Brings tokens back to their values for the caller they were made for, also after a restart and on another instance. */
import { createHmac } from 'node:crypto'
import type { MaskTokenTable } from '../../model/masking.ts'
import { createMaskKeys, decryptMask } from './mask-keys.ts'
import type { IssuedToken } from './mask-keys.ts'

export interface TokenVault {
  /** Values by token. Rejects when the table cannot be read. */
  readonly known: (scope: string) => Promise<ReadonlyMap<string, string>>
  /** Resolves when the tokens can be brought back after a restart. */
  readonly keep: (scope: string, tokens: readonly IssuedToken[], nowMs: number) => Promise<void>
}

/** Callers whose tokens are held in memory, and tokens of each. */
const SCOPES_MAX = 1_000
const TOKENS_MAX = 10_000

export function createTokenVault(table: MaskTokenTable, master: Buffer): TokenVault {
  const held = new Map<string, Promise<Map<string, string>>>()
  const nameOf = (scope: string): string =>
    createHmac('sha256', master).update(`custody/vault-scope/v1\0${scope}`).digest('hex')

  const load = async (scope: string): Promise<Map<string, string>> => {
    const values = new Map<string, string>()
    for (const { token, sealed } of await table.ofScope(nameOf(scope), TOKENS_MAX)) {
      const value = decryptMask(master, scope, sealed)
      if (value !== null) values.set(token, value)
    }
    return values
  }
  const valuesOf = (scope: string): Promise<Map<string, string>> => {
    const values = held.get(scope)
    held.delete(scope)
    const kept =
      values ??
      load(scope).catch((error: unknown) => {
        held.delete(scope)
        throw error
      })
    held.set(scope, kept)
    const [oldest] = held.keys()
    if (held.size > SCOPES_MAX && oldest !== undefined) held.delete(oldest)
    return kept
  }
  return {
    known: valuesOf,
    keep: async (scope, tokens, nowMs) => {
      const values = await valuesOf(scope)
      const fresh = tokens.filter(({ token }) => !values.has(token))
      if (fresh.length === 0) return
      const { encrypt } = createMaskKeys(master, scope, () => undefined)
      await table.keep(
        nameOf(scope),
        fresh.map(({ token, value }) => ({ token, sealed: encrypt(value), createdAtMs: nowMs })),
      )
      for (const { token, value } of fresh) {
        values.set(token, value)
        const [oldest] = values.keys()
        if (values.size > TOKENS_MAX && oldest !== undefined) values.delete(oldest)
      }
    },
  }
}
