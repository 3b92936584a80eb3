/** Who sent an exchange, and how that was proven; declared tags stay apart from proof. */
import type { KeyId } from '../lib/ids.ts'

/** How the caller proved who it is. `none` never reaches an exchange record except in a refusal. */
export type ProofMethod = 'gateway-key' | 'oidc' | 'saml' | 'mtls' | 'token-exchange'

export interface Principal {
  /** Stable name of the person, job or service, e.g. the owner of a key. */
  readonly id: string
  readonly kind: 'person' | 'service' | 'job'
  readonly method: ProofMethod
  /** The service the credential is bound to; empty when none. */
  readonly service: string
  readonly groups: readonly string[]
  readonly keyId: KeyId | null
  /** Login of the human who answers for the credential: owner of the key or of the trust rule. Absent in old records. */
  readonly owner?: string
  /** Login of the human who set a job off, as its issuer says. */
  readonly actor?: string
  /** Name of the trust rule that accepted the credential. */
  readonly rule?: string
  /** SHA-256 of the client certificate that TLS verified, also where another credential says who it is. */
  readonly certificate?: string
  /** Issuer and kept claims for token methods; empty for keys. */
  readonly issuer: string
  readonly claims: Readonly<Record<string, string>>
  /** What this credential may reach; null means no restriction. */
  readonly allowedUpstreams: readonly string[] | null
  /** Model names or globs with `*`; null means no restriction. */
  readonly allowedModels: readonly string[] | null
}

/** What the caller says about itself. Never trusted for a decision that grants something. */
export interface DeclaredTags {
  /** From the path tag `/t/<service>/…` or `x-custody-service`. */
  readonly service: string
  readonly headers: Readonly<Record<string, string>>
}

export type IdentityFailure =
  | 'missing'
  | 'malformed'
  | 'unknown'
  | 'expired'
  | 'revoked'
  | 'conflicting'
  /** A token that no trust rule accepts. */
  | 'untrusted'
  /** Proven, and accepted by none but a trust rule that ended. */
  | 'rule-ended'
  /** A token that counts once and must be exchanged. */
  | 'single-use'
  /** A client certificate that does not verify, or that no trust rule speaks of. */
  | 'certificate'

/** What TLS learned of the caller's client certificate. */
export interface PeerCertificate {
  readonly der: Buffer
  /** Those that the caller sent with it, from its issuer upwards. */
  readonly chain: readonly Buffer[]
  /** Empty when its chain was verified; else the code of what was wrong. */
  readonly problem: string
}

export type IdentityResult =
  | { readonly kind: 'principal'; readonly principal: Principal }
  | { readonly kind: 'failure'; readonly reason: IdentityFailure; readonly keyId: KeyId | null }

/** Given every credential found in the request, in order; `null` means "not mine". */
export interface Authenticator {
  readonly name: string
  readonly authenticate: (
    credential: string,
  ) => IdentityResult | null | Promise<IdentityResult | null>
}
