/** Looks into JSON values, each for itself: the one function that the main thread and the inspection threads share. */
import type { CompiledRules } from '../../detect/compiled-rules.ts'
import type { Finding, Mask, Uninspected } from '../../detect/finding.ts'
import { createJsonMatcher } from '../../detect/json-fragments.ts'
import type { JsonOptions } from '../../detect/json-fragments.ts'
import type { MaskKeys, OperatorTable } from '../../detect/operators.ts'

/** One string or number as it stands in the body, quotes and escapes included. */
export interface RawValue {
  readonly raw: string
  readonly key: string
  /** It is written for people: analyzers look at it, too. */
  readonly isText: boolean
  /** `keep`: findings are reported and nothing is changed. `block`: a finding stops the exchange. */
  readonly treatment: 'operators' | 'keep' | 'block'
}

/** Plain data: it can be sent to a thread. */
export interface InspectionSettings {
  readonly operators: OperatorTable
  readonly threshold: number
  readonly encoded: boolean
  readonly numbers: JsonOptions['numbers']
  readonly secretKeys: ReadonlySet<string>
  readonly uncovered?: ReadonlySet<string>
}

/** Offsets are UTF-16 units of `raw`. */
export interface ValueInspection {
  readonly masks: readonly Mask[]
  readonly findings: readonly Finding[]
  readonly uninspected: readonly Uninspected[]
  readonly blocked: boolean
}

const KEY_MAX = 64
const KEEP: OperatorTable = { byEntity: new Map(), fallback: { kind: 'keep' } }
const BLOCK: OperatorTable = { byEntity: new Map(), fallback: { kind: 'block' } }

export function inspectValue(
  rules: CompiledRules,
  keys: MaskKeys,
  settings: InspectionSettings,
  value: RawValue,
): ValueInspection {
  const matcher = createJsonMatcher(rules.ruleset, {
    ...settings,
    keys,
    terms: rules.terms,
    operators: tableFor(value, settings),
    maskKeys: false,
    everyFinding: false,
  })
  // The key in front gives rules their context, and whole-value masking its name.
  const front = `{${JSON.stringify(value.key.slice(-KEY_MAX))}:`
  const first = matcher.push(front + value.raw)
  const steps = first.blocked ? [first] : [first, matcher.end()]
  const shift = front.length
  const moved = <T extends { readonly start: number; readonly end: number }>(one: T): T => ({
    ...one,
    start: one.start - shift,
    end: one.end - shift,
  })
  return {
    masks: joined(steps.flatMap(({ masks }) => masks)).map(moved),
    findings: steps.flatMap(({ findings }) => findings).map(moved),
    uninspected: steps.flatMap(({ uninspected }) => uninspected).map(moved),
    blocked: steps.some(({ blocked }) => blocked),
  }
}

function tableFor({ treatment }: RawValue, settings: InspectionSettings): OperatorTable {
  switch (treatment) {
    case 'operators':
      return settings.operators
    case 'keep':
      return KEEP
    case 'block': {
      const { byRule } = settings.operators
      return byRule === undefined ? BLOCK : { ...BLOCK, byRule }
    }
  }
}

/** A mask may come in pieces of which only the first has text. */
function joined(masks: readonly Mask[]): readonly Mask[] {
  const out: Mask[] = []
  for (const mask of masks) {
    const last = out.at(-1)
    if (last !== undefined && mask.text === '' && mask.start === last.end)
      out[out.length - 1] = { ...last, end: mask.end }
    else out.push(mask)
  }
  return out
}

export const NOTHING_INSPECTED: ValueInspection = {
  masks: [],
  findings: [],
  uninspected: [],
  blocked: false,
}

export function isEmpty({ masks, findings, uninspected, blocked }: ValueInspection): boolean {
  return masks.length === 0 && findings.length === 0 && uninspected.length === 0 && !blocked
}
