/** What a detection rule is once it has been read and checked. */
import type { CharSet } from './pattern/char-set.ts'
import type { Pattern } from './pattern/node.ts'

/**
 * How a match behaves on a stream.
 * - `inline`: bounded; held until it is complete
 * - `eager`: masked as soon as the pattern has matched, then everything that continues the token is swallowed
 * - `swallow`: as eager, and ends with a closing line (PEM, PGP)
 */
export type StreamClass = 'inline' | 'eager' | 'swallow'

export interface Tail {
  /** Characters that continue the secret after the pattern. */
  readonly set: CharSet
  /** Ends the secret when it appears inside the tail; null when only a foreign character ends it. */
  readonly until: Pattern | null
}

export type Validate = (secret: string) => boolean

export interface Rule {
  readonly id: string
  /** Presidio's entity name, or `CREDENTIAL`. */
  readonly entity: string
  readonly name: string
  readonly pattern: Pattern
  readonly marker: string | null
  readonly validate: readonly Validate[]
  /** Lower-case words; one of them shortly before the secret raises the score. */
  readonly context: readonly string[]
  /** Lower-case words; one of them right before the secret says that it is something else. */
  readonly unless: readonly string[]
  /** 0 to 1. */
  readonly score: number
  readonly stream: StreamClass
  readonly tail: Tail | null
  readonly positive: readonly string[]
  readonly negative: readonly string[]
}

/** Why rules were refused. `rule` is empty when the whole document is meant. */
export interface RuleProblem {
  readonly rule: string
  readonly problem: string
}

export const CREDENTIAL = 'CREDENTIAL'

export const RULE_LIMITS = {
  /** Context in front of a secret is looked up in text that has left already: it must be short. */
  beforeMax: 256,
  /** The most that one inline match can hold back. */
  lengthMax: 1200,
  /** Instructions of one rule's exact automaton. */
  instructionsMax: 12_000,
} as const
