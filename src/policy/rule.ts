/** What a rule of a policy is once it was read and checked. */
import type { Operator } from '../detect/operators.ts'
import type { ApprovalTerms, Obligation, StageName, Verdict } from '../model/decision.ts'
import type { Condition } from './condition.ts'

/** What a rule looks at. */
export const MOMENTS = ['request', 'response', 'tool_call', 'tool_result'] as const
export type Moment = (typeof MOMENTS)[number]

export type Stage =
  | { readonly kind: 'off' }
  | { readonly kind: Exclude<StageName, 'canary'> }
  /** `percent` of conversations (of exchanges, where no conversation is known). */
  | { readonly kind: 'canary'; readonly percent: number }

/** What becomes of the exchange when a rule cannot be decided: the rule fires, or it does not. */
export type FailMode = 'closed' | 'open'

/** Words or values to look for; any of them is enough. */
export interface Content {
  readonly keywords: readonly string[]
  /** RE2 syntax. */
  readonly patterns: readonly string[]
  readonly entities: readonly string[]
  readonly packs: readonly string[]
  /** Ids of single detectors. */
  readonly detectors: readonly string[]
  /** First digits of keyed digests: only these values count, all where there are none. */
  readonly fingerprints: readonly string[]
  /** Different values that must be there. */
  readonly atLeast: number
  /** `new`: only values that this conversation has not sent before. */
  readonly occurrence: 'any' | 'new'
  /** Entity that findings of keywords and patterns carry; null for `KEYWORD` and `PATTERN`. */
  readonly label: string | null
}

/** Thresholds; null where none is set. A value at or above one of them is enough. */
export interface SizeBounds {
  readonly bytes: number | null
  readonly newBytes: number | null
  readonly tokens: number | null
  readonly newTokens: number | null
}

export interface Hours {
  /** Minutes of the day; a range that ends before it begins goes over midnight. */
  readonly from: number
  readonly to: number
  /** 0 is Sunday; empty for every day. */
  readonly days: readonly number[]
  /** IANA name. */
  readonly zone: string
}

/** Conditions of which each that is written must hold; inside a list one is enough. Globs with `*`. */
export interface Criteria {
  readonly callers: readonly string[]
  readonly kinds: readonly string[]
  readonly groups: readonly string[]
  readonly services: readonly string[]
  readonly upstreams: readonly string[]
  readonly surfaces: readonly string[]
  readonly routes: readonly string[]
  readonly models: readonly string[]
  readonly tools: readonly string[]
  readonly hours: Hours | null
  readonly size: SizeBounds | null
  readonly content: Content | null
  readonly when: Condition | null
}

export interface PolicyRule {
  readonly id: string
  readonly title: string
  readonly message: string
  readonly on: readonly Moment[]
  readonly criteria: Criteria
  /** The rule does not fire where all conditions of one of these hold. */
  readonly unless: readonly Criteria[]
  readonly verdict: Verdict
  readonly stage: Stage
  readonly fail: FailMode
  /** What stands in place of a masked value; null leaves it to `masking` of the route. */
  readonly mask: Operator | null
  readonly approval: ApprovalTerms | null
  readonly obligations: readonly Obligation[]
}

/** Id under which findings of a rule's keywords, or of its nth pattern, are reported. */
export function keywordId(rule: string): string {
  return `${rule}/keyword`
}

export function patternId(rule: string, index: number): string {
  return `${rule}/pattern-${index + 1}`
}
