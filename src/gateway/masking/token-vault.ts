/** Brings tokens back to their values for the caller they were made for, also after a restart and on another instance. */
import { createHmac } from 'node:crypto'
import type { ExchangeId } from '../../lib/ids.ts'
import type { MaskTokenTable } from '../../model/masking.ts'
import { createMaskKeys, decryptMask } from './mask-keys.ts'
import type { IssuedToken } from './mask-keys.ts'

export interface TokenVault {
  /** Values by token. Rejects when the table cannot be read. */
  readonly known: (scope: string) => Promise<ReadonlyMap<string, string>>
  /** Resolves when the tokens can be brought back after a restart. They last as long as a record of an exchange that used them. */
  readonly keep: (
    scope: string,
    tokens: readonly IssuedToken[],
    use: { readonly exchange: ExchangeId; readonly nowMs: number },
  ) => Promise<void>
  /** Lets go what is held in memory: some of it was erased. */
  readonly forget: () => void
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
    keep: async (scope, tokens, { exchange, nowMs }) => {
      if (tokens.length === 0) return
      const values = await valuesOf(scope)
      const { encrypt } = createMaskKeys(master, scope, () => undefined)
      // Known ones as well: another process may have erased them, and their use is what keeps them.
      const sealed = new Map(
        tokens.map(({ token, value }) => [
          token,
          { token, sealed: encrypt(value), createdAtMs: nowMs },
        ]),
      )
      const durable = tokens.some(({ token }) => !values.has(token))
      await table.keep(nameOf(scope), [...sealed.values()], { exchange, durable })
      for (const { token, value } of tokens) {
        values.set(token, value)
        const [oldest] = values.keys()
        if (values.size > TOKENS_MAX && oldest !== undefined) values.delete(oldest)
      }
    },
    forget: () => held.clear(),
  }
}
