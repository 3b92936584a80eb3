/** Trust rules: which tokens of other issuers are accepted, and who their bearers then are. */

export const JWT_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const

/** Public-key algorithms only: a shared secret would let whoever verifies also forge. */
export type JwtAlgorithm = (typeof JWT_ALGORITHMS)[number]

export type KeySource =
  /** The `jwks_uri` of `<issuer>/.well-known/openid-configuration`. */
  | { readonly kind: 'discovery' }
  | { readonly kind: 'jwks'; readonly url: string }
  /** A JWK set written down: for clusters whose issuer the gateway cannot reach. */
  | { readonly kind: 'fixed'; readonly jwks: string }

export const TRUST_PRESETS = [
  'github-actions',
  'gitlab-ci',
  'buildkite',
  'circleci',
  'kubernetes',
  'spiffe',
  'okta',
  'entra-id',
  'google',
  'auth0',
] as const

export type TrustPreset = (typeof TRUST_PRESETS)[number]

export interface TrustRule {
  readonly name: string
  /** `saml`: assertions, for the exchange alone. `certificate`: client certificates of TLS. */
  readonly kind: 'jwt' | 'saml' | 'certificate'
  readonly preset: TrustPreset | null
  /** Exactly the `iss` claim; `spiffe://<trust domain>` for SVIDs, which need none; entity id of a SAML provider; name of the authority of certificates, empty for any of the gateway's. */
  readonly issuer: string
  readonly keys: KeySource
  /** At least one of them must be in `aud`. */
  readonly audiences: readonly string[]
  /** `azp` (or `client_id`) must be one of them; empty: not looked at, unless several audiences make it matter. */
  readonly parties: readonly string[]
  readonly algorithms: readonly JwtAlgorithm[]
  /** All must hold: the claim (a path) matches one of the patterns, in which `*` is any text. */
  readonly conditions: Readonly<Record<string, readonly string[]>>
  /** Who the bearer is: text in which `{claim}` is replaced. A claim that is missing refuses the token. */
  readonly principal: string
  readonly principalKind: 'person' | 'service' | 'job'
  readonly service: string
  /** Template of the human who set the job off; empty when none can be known. */
  readonly actor: string
  /** Always given. */
  readonly groups: readonly string[]
  /** Claim with more groups; empty for none. */
  readonly groupsClaim: string
  /** Login of the human who answers for the rule. */
  readonly owner: string
  /** Claims that go into the record; nothing else of the token does. */
  readonly keep: readonly string[]
  readonly allowedUpstreams: readonly string[] | null
  readonly allowedModels: readonly string[] | null
  readonly skewMs: number
  /** From `iat` to `exp` at most. */
  readonly lifetimeMaxMs: number
  /** Its `jti` counts once, so such a token can only be exchanged, never be sent with each call. */
  readonly singleUse: boolean
  /** Life of a Custody token made from it. */
  readonly exchangeMs: number
  /** True for rules of custody.yaml, which the console shows and does not change. */
  readonly isConfigured: boolean
  /** When it ended for being left behind; null while it lets in. */
  readonly endedAtMs: number | null
}

/** A rule as the control plane stores it. */
export interface StoredTrustRule {
  readonly name: string
  /** Settings as they were written, JSON. */
  readonly written: string
  readonly createdBy: string
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly version: number
}

export interface TrustRuleTable {
  /** False when the name is taken. */
  readonly insert: (row: StoredTrustRule) => Promise<boolean>
  readonly list: () => Promise<readonly StoredTrustRule[]>
  /** Writes `written` and `updatedAtMs` where `version - 1` is stored. */
  readonly update: (row: StoredTrustRule) => Promise<'updated' | 'conflict' | 'not-found'>
  readonly remove: (name: string) => Promise<boolean>
  readonly version: () => number
}

/** The last time that a rule let in a job which somebody set off. */
export interface TrustRuleUse {
  readonly rule: string
  /** Login, as the issuer says it; empty when it says none. */
  readonly actor: string
  readonly principal: string
  readonly lastUsedAtMs: number
}

export interface TrustRuleUseTable {
  readonly touch: (uses: readonly TrustRuleUse[]) => Promise<void>
  readonly list: () => Promise<readonly TrustRuleUse[]>
  readonly removeBefore: (beforeMs: number) => Promise<void>
}

/** Since when a rule stands as it does, and whether it ended. Counts only while the rule is the one of `digest`. */
export interface TrustRuleTerm {
  readonly rule: string
  /** Of the rule as it stood; a changed rule begins anew. */
  readonly digest: string
  readonly sinceMs: number
  readonly endedAtMs: number | null
  /** Flags for which it ended; empty while it lets in. */
  readonly because: string
}

export interface TrustRuleTermTable {
  /** Begins a term anew, also that of a rule that ended. */
  readonly begin: (term: Pick<TrustRuleTerm, 'rule' | 'digest' | 'sinceMs'>) => Promise<void>
  /** False where the rule of this digest had ended before. */
  readonly end: (term: TrustRuleTerm) => Promise<boolean>
  readonly list: () => Promise<readonly TrustRuleTerm[]>
}
