/** What a policy decides on an exchange, and why: rule ids, numbers and fingerprints, never text. */

export const VERDICTS = ['allow', 'mask', 'hold', 'deny'] as const
/** In the order of strictness: the strictest of all rules that fire is the verdict. */
export type Verdict = (typeof VERDICTS)[number]

export type StageName = 'shadow' | 'canary' | 'enforce'

/** What must be done beside the verdict. */
export type Obligation =
  | { readonly kind: 'alert'; readonly channel: 'log' | 'metric' | 'webhook' }
  | { readonly kind: 'tag'; readonly tag: string }

/** Written in a rule as `approval:`; all optional there. */
export interface ApprovalTerms {
  /** Groups or roles. */
  readonly approvers: readonly string[]
  readonly quorum: number
  readonly expiresInMs: number
  /** How long the caller's connection is held; null leaves it to the gateway. */
  readonly holdBudgetMs: number | null
  readonly reasonRequired: boolean
  readonly highAssurance: boolean
  readonly grants: 'once' | 'conversation'
  readonly grantMs: number
  readonly escalateTo: readonly string[]
}

/** A rule that fired. */
export interface RuleHit {
  readonly rule: string
  readonly title: string
  readonly message: string
  readonly verdict: Verdict
  readonly stage: StageName
  /** False in shadow, and for exchanges outside the canary's share. */
  readonly inForce: boolean
  /** Sentences made of kinds and numbers. */
  readonly reasons: readonly string[]
  /** Kinds of what was found, with the number of different values. */
  readonly kinds: Readonly<Record<string, number>>
  /** Keyed fingerprints of the values that made it fire. */
  readonly findings: readonly string[]
  /** Those of them that this conversation has not sent before. */
  readonly newFindings: readonly string[]
  readonly approval: ApprovalTerms | null
  readonly obligations: readonly Obligation[]
}

export interface Decision {
  /** Hash of the policy, 64 hex digits. */
  readonly policy: string
  readonly verdict: Verdict
  /** In the order of rule ids. */
  readonly hits: readonly RuleHit[]
  /** The rule that made the verdict; null when none did. */
  readonly deciding: string | null
}

/** The stricter of two verdicts. */
export function stricter(one: Verdict, other: Verdict): Verdict {
  return VERDICTS.indexOf(one) >= VERDICTS.indexOf(other) ? one : other
}

/** Tags that rules in force gave; each may come more than once. */
export function tagsOf({ hits }: Decision): readonly string[] {
  return hits
    .filter(({ inForce }) => inForce)
    .flatMap(({ obligations }) => obligations)
    .flatMap((one) => (one.kind === 'tag' ? [one.tag] : []))
}
