/** The trust rules in force, of custody.yaml and of the console, with the keys of the issuers they speak of. */
import type { TrustConfig } from '../../config/config.ts'
import { trustRuleSchema } from '../../config/schema-trust.ts'
import { trustRule } from '../../config/trust-rule.ts'
import type { Clock } from '../../lib/clock.ts'
import type {
  StoredTrustRule,
  TrustRule,
  TrustRuleTable,
  TrustRuleTermTable,
} from '../../model/trust.ts'
import { termsByRule, withTerm } from '../rule-terms.ts'
import type { NamedRule, TermsByRule } from '../rule-terms.ts'
import { guardedFetch } from './guarded-fetch.ts'
import type { FetchJson } from './guarded-fetch.ts'
import { createKeySet } from './key-set.ts'
import type { KeySet } from './key-set.ts'
import type { TokenClaims } from './strict-token.ts'
import type { TrustedIssuer } from './verify-token.ts'

export interface TrustBookOptions {
  readonly table: TrustRuleTable
  readonly terms: Pick<TrustRuleTermTable, 'list'>
  readonly config: () => TrustConfig
  readonly clock: Clock
  /** A stored rule that this version cannot read holds nobody; the operator is told. */
  readonly onUnreadable: (name: string) => void
}

export interface TrustBook {
  /** Changes whenever the rules do; cheap enough to ask on every request. */
  readonly version: () => string
  /** The rules as of now; a promise while another process has just changed them. */
  readonly rules: () => readonly TrustRule[] | Promise<readonly TrustRule[]>
  /** Those that speak of the issuer of a token, among rules that were just read. */
  readonly issuersOf: (rules: readonly TrustRule[], claims: TokenClaims) => readonly TrustedIssuer[]
}

export function createTrustBook(options: TrustBookOptions): TrustBook {
  const { table, config, clock } = options
  const keySets = new Map<string, KeySet>()
  let seen = Number.NaN
  let stored: readonly NamedRule[] = []
  let terms: TermsByRule = new Map()
  let reading: Promise<void> | null = null
  let known: { readonly config: TrustConfig; readonly stored: readonly NamedRule[] } | null = null
  let all: readonly TrustRule[] = []
  let changes = 0

  const current = (): readonly TrustRule[] => {
    const trust = config()
    if (known?.config !== trust || known.stored !== stored) {
      known = { config: trust, stored }
      const names = new Set(trust.rules.map(({ name }) => name))
      const ours = trust.rules.map((rule) => ({ rule, stored: null }))
      const others = stored.filter(({ rule }) => !names.has(rule.name))
      all = [...ours, ...others].map((named) => withTerm(named, terms))
      changes += 1
    }
    return all
  }
  const read = async (): Promise<void> => {
    const version = table.version()
    const [rows, written] = await Promise.all([table.list(), options.terms.list()])
    terms = termsByRule(written)
    stored = rows.flatMap((row) => {
      const rule = readStoredRule(row)
      if (rule === null) options.onUnreadable(row.name)
      return rule === null ? [] : [{ rule, stored: row }]
    })
    seen = version
  }
  const keysOf = (rule: TrustRule): KeySet => {
    const { allowPrivateIssuers } = config()
    // A rule of the console never reaches into the network of the gateway.
    const isPrivate = allowPrivateIssuers && rule.isConfigured
    const name = JSON.stringify([rule.issuer, rule.keys, isPrivate])
    const kept = keySets.get(name)
    if (kept !== undefined) return kept
    const fetchJson: FetchJson = guardedFetch(isPrivate)
    const made = createKeySet({ issuer: rule.issuer, source: rule.keys, fetchJson, clock })
    keySets.set(name, made)
    return made
  }
  return {
    version: () => {
      current()
      return `${changes} ${table.version()}`
    },
    rules: () => {
      if (table.version() === seen) return current()
      reading ??= read().finally(() => {
        reading = null
      })
      return reading.then(current)
    },
    issuersOf: (rules, claims) => {
      const issuers = new Map<KeySet, TrustRule[]>()
      for (const rule of rules) {
        if (rule.kind !== 'jwt' || !speaksOf(rule, claims)) continue
        const keys = keysOf(rule)
        const same = issuers.get(keys)
        if (same === undefined) issuers.set(keys, [rule])
        else same.push(rule)
      }
      return [...issuers].map(([keys, ofIssuer]) => ({ keys, rules: ofIssuer }))
    },
  }
}

/** An SVID is known by the trust domain of its subject; everything else by its issuer, to the letter. */
function speaksOf({ issuer }: TrustRule, { iss, sub }: TokenClaims): boolean {
  return issuer.startsWith('spiffe://') ? sub.startsWith(`${issuer}/`) : iss === issuer
}

/** Null when it is no rule, or none that is safe: what was saved by an older version is judged again. */
export function readStoredRule({ name, written }: StoredTrustRule): TrustRule | null {
  const checked = trustRuleSchema.safeParse(JSON.parse(written))
  if (!checked.success) return null
  const { rule, problems } = trustRule(name, checked.data, false)
  return problems.length === 0 ? rule : null
}
