/** What is masked on a route: the rules, what is put in place of a finding, and in which direction. */
import type { CompiledRules } from './compiled-rules.ts'
import type { Operator, OperatorTable } from './operators.ts'

/**
 * Reasoning that the provider signed or encrypted is never edited: it passes and is only looked at, it is taken out of
 * answers whole, or what is found in it (and what nobody can look into) stops the exchange.
 */
export type SignedReasoning = 'pass' | 'drop' | 'block'
export type UnknownEvents = 'withhold' | 'pass'
export type ToolTreatment = 'exempt' | 'mask' | 'block'
/** What becomes of a bare number that must be masked. */
export type NumberTreatment = 'string' | 'zero' | 'block'
export type Direction = 'request' | 'response'

/** An analyzer beside the rules: it is asked off the inline path, about whole sentences, and may be late. */
export interface AnalyzerPlan {
  readonly kind: 'names' | 'presidio'
  readonly directions: readonly Direction[]
  /** What is asked for; empty for all that it knows. */
  readonly entities: readonly string[]
  readonly threshold: number
  readonly deadlineMs: number
  /** What becomes of a text that it did not analyze in time: it passes with a note in the record, is masked whole, or stops the exchange. */
  readonly late: 'pass' | 'mask' | 'block'
  /** Empty for what runs inside. */
  readonly url: string
  readonly language: string
}

export interface MaskingPlan {
  /** Hash of everything below, 64 hex digits: names the plan in evidence and keys the cache of findings. */
  readonly version: string
  readonly packs: readonly string[]
  readonly rules: CompiledRules
  readonly operators: Readonly<Record<string, Operator>>
  readonly defaultOperator: Operator
  readonly directions: readonly Direction[]
  /** Directions in which base64 and hex runs are decoded and searched; on answers it holds every word to its end. */
  readonly decode: readonly Direction[]
  /** Findings below it are dropped. */
  readonly threshold: number
  readonly signedReasoning: SignedReasoning
  readonly unknownEvents: UnknownEvents
  /** By tool name; others are masked. */
  readonly tools: Readonly<Record<string, ToolTreatment>>
  /** Lower case without `_`, `-` and spaces: values under these names are masked whole. */
  readonly secretKeys: readonly string[]
  readonly numbers: NumberTreatment
  readonly analyzers: readonly AnalyzerPlan[]
  /** What a policy looks for on the same way through the text; absent where none does. */
  readonly watch?: PolicyWatch
}

export interface PolicyWatch {
  /** Operators by rule id, before those of entities: what only the policy looks for is kept as it is. */
  readonly operators: Readonly<Record<string, Operator>>
  /** Keywords and patterns of the policy: they are reported even inside a surer finding. */
  readonly own: readonly string[]
}

/** What a plan says, in the form in which each text needs it: made once. */
interface Tables {
  readonly operators: OperatorTable
  readonly uncovered: ReadonlySet<string>
  readonly secretKeys: ReadonlySet<string>
}

const made = new WeakMap<MaskingPlan, Tables>()

function tablesOf(plan: MaskingPlan): Tables {
  const known = made.get(plan)
  if (known !== undefined) return known
  const { operators, defaultOperator: fallback, watch } = plan
  const byEntity = new Map(Object.entries(operators))
  const byRule = watch === undefined ? {} : { byRule: new Map(Object.entries(watch.operators)) }
  const tables: Tables = {
    operators: { byEntity, fallback, ...byRule },
    uncovered: new Set(watch?.own),
    secretKeys: new Set(plan.secretKeys),
  }
  made.set(plan, tables)
  return tables
}

export function operatorsOf(plan: MaskingPlan): OperatorTable {
  return tablesOf(plan).operators
}

export function secretKeysOf(plan: MaskingPlan): ReadonlySet<string> {
  return tablesOf(plan).secretKeys
}

/** Analyzers of what is masked in this direction: where nothing is masked nobody is asked. */
export function analyzersOf(plan: MaskingPlan, direction: Direction): readonly AnalyzerPlan[] {
  if (!plan.directions.includes(direction)) return []
  return plan.analyzers.filter(({ directions }) => directions.includes(direction))
}

export function uncoveredOf(plan: MaskingPlan): ReadonlySet<string> {
  return tablesOf(plan).uncovered
}
