/** Authenticates tokens that were made by exchange: from memory, until they end, are revoked, or their rule is gone or has ended. */
import type { Clock } from '../../lib/clock.ts'
import type { ExchangedTokenRow, ExchangedTokenTable } from '../../model/exchanged-token.ts'
import { fail } from '../../model/errors.ts'
import type { Authenticator, IdentityFailure, IdentityResult } from '../../model/principal.ts'
import type { TrustBook } from '../jwt/trust-book.ts'
import { parseSecret } from '../secret-text.ts'

export const EXCHANGED_PREFIX = 'cxt_'
const KNOWN_MAX = 20_000

export function createExchangedTokenAuthenticator(options: {
  readonly table: ExchangedTokenTable
  readonly book: TrustBook
  readonly clock: Clock
}): Authenticator {
  const { table, book, clock } = options
  const known = new Map<string, ExchangedTokenRow>()
  let version = ''

  const judge = (row: ExchangedTokenRow): IdentityResult => {
    if (row.revokedAtMs !== null) return failure('revoked')
    if (clock.nowMs() >= row.expiresAtMs) return failure('expired')
    return { kind: 'principal', principal: row.principal }
  }
  const read = async (hash: string, asked: string): Promise<IdentityResult> => {
    try {
      const row = await table.byHash(hash)
      if (row === null) return failure('unknown')
      const rules = await book.rules()
      // Who takes a rule away means everybody it let in.
      const rule = rules.find(({ name }) => name === row.rule)
      if (rule === undefined) return failure('revoked')
      if (rule.endedAtMs !== null) return failure('rule-ended')
      if (known.size >= KNOWN_MAX) known.clear()
      if (asked === version) known.set(hash, row)
      return judge(row)
    } catch (error) {
      throw fail('identity.unavailable', '', error)
    }
  }
  return {
    name: 'token-exchange',
    authenticate: (text) => {
      if (!text.startsWith(EXCHANGED_PREFIX)) return null
      const hash = parseSecret(EXCHANGED_PREFIX, text)
      if (hash === null) return failure('malformed')
      const inForce = book.version()
      if (inForce !== version) {
        known.clear()
        version = inForce
      }
      const row = known.get(hash)
      return row === undefined ? read(hash, inForce) : judge(row)
    },
  }
}

function failure(reason: IdentityFailure): IdentityResult {
  return { kind: 'failure', reason, keyId: null }
}
