/** What the control plane may do with the policy; the composition root says how. */
import type { ExchangeId } from '../lib/ids.ts'
import type { Decision } from '../model/decision.ts'
import type { RuleExplanation } from '../policy/explain.ts'
import type { Policy } from '../policy/policy.ts'
import type { TestOutcome } from '../policy/run-tests.ts'
import type { PolicyVersionRow } from '../model/policy-version.ts'
import type { BacktestReport } from './backtest.ts'

export interface PolicyInForce {
  /** A file is edited where it lies; the console then only shows it. */
  readonly source: 'file' | 'console' | 'none'
  /** Of the file; empty otherwise. */
  readonly file: string
  /** Of the console; 0 otherwise. */
  readonly version: number
  readonly text: string
  readonly policy: Policy | null
  /** Why a newer one is not in force; empty when there is none. */
  readonly refused: string
}

export interface PolicyRemark {
  readonly kind: 'problem' | 'warning'
  readonly line: number
  readonly column: number
  readonly message: string
  readonly hint: string
}

/** A rule as a policy file has it. */
export type WrittenRule = Readonly<Record<string, string | readonly string[]>>

export interface PolicyCheck {
  /** Null where there is a problem. */
  readonly policy: Policy | null
  readonly hash: string
  readonly remarks: readonly PolicyRemark[]
  readonly tests: readonly TestOutcome[]
}

export type Published =
  | { readonly kind: 'published'; readonly version: PolicyVersionRow }
  | { readonly kind: 'invalid'; readonly remarks: readonly PolicyRemark[] }
  | { readonly kind: 'stale' }
  | { readonly kind: 'file' }

/** What each rule of a policy saw in a recorded exchange. */
export interface Explained {
  readonly exchange: ExchangeId
  readonly source: string
  readonly policy: string
  /** False: the text of the policy of that time was not kept, or none was in force; this is another one. */
  readonly isThen: boolean
  readonly recorded: Decision | null
  readonly rules: readonly RuleExplanation[]
}

export interface PolicyDesk {
  readonly inForce: () => PolicyInForce
  readonly starter: () => string
  /** The text with one more rule at its end, the rest as it was written; an empty text becomes a policy. */
  readonly withRule: (
    text: string,
    rule: WrittenRule,
  ) => { readonly text: string; readonly rule: string }
  readonly check: (text: string) => PolicyCheck
  /** Null where the text has a problem. */
  readonly backtest: (text: string, sinceMs: number) => Promise<BacktestReport | null>
  readonly explain: (
    exchange: ExchangeId,
  ) => Promise<
    | { readonly kind: 'explained'; readonly explained: Explained }
    | { readonly kind: 'not-found' | 'no-policy' | 'unreadable' }
  >
  readonly publish: (wish: {
    readonly text: string
    readonly note: string
    /** The version it is based on; 0 for the first. */
    readonly basedOn: number
    readonly author: { readonly id: string; readonly name: string }
  }) => Promise<Published>
}
