/** The channels of one stream, a matcher for each: what they hold, what became of their texts. */
import { createJsonMatcher } from '../../detect/json-fragments.ts'
import { createMatcher } from '../../detect/matcher.ts'
import type { Matcher, MatcherOptions, Step } from '../../detect/matcher.ts'
import { operatorsOf, uncoveredOf } from '../../detect/masking-plan.ts'
import type { OperatorTable } from '../../detect/operators.ts'
import type { FindingRecord, UninspectedRecord } from '../../model/masking.ts'
import type { StreamedText, StreamShape } from '../../model/stream-shape.ts'
import type { AnswerQuestion } from './answer-masking.ts'
import { createMaskKeys } from './mask-keys.ts'
import { restoringMatcher } from './restoring-matcher.ts'
import { createTextShift } from './text-shift.ts'
import type { TextShift } from './text-shift.ts'
import type { WireBytes } from './stream-wire.ts'

const KEEP: OperatorTable = { byEntity: new Map(), fallback: { kind: 'keep' } }
const BLOCK: OperatorTable = { byEntity: new Map(), fallback: { kind: 'block' } }

interface Channel {
  readonly group: string
  readonly kind: string
  readonly isSigned: boolean
  /** It is only looked at: its text leaves as it came. */
  readonly passes: boolean
  readonly matcher: Matcher
  readonly shift: TextShift | null
}

export type Ends = readonly string[] | 'all'

export class StreamChannels {
  readonly findings: FindingRecord[] = []
  readonly uninspected: UninspectedRecord[] = []
  readonly options: Omit<MatcherOptions, 'before'>
  isBlocked = false
  /** Values masked so far. */
  masked = 0
  readonly #question: AnswerQuestion
  readonly #shape: StreamShape
  readonly #open = new Map<string, Channel>()
  /** Of ended channels too: citations may come behind the text they point into. */
  readonly #shifts = new Map<string, TextShift>()

  constructor(question: AnswerQuestion, shape: StreamShape) {
    this.#question = question
    this.#shape = shape
    const { plan, tools, scope } = question
    this.options = {
      operators: operatorsOf(plan),
      keys: createMaskKeys(tools.master, scope, () => undefined),
      threshold: plan.threshold,
      encoded: plan.decode.includes('response'),
      terms: plan.rules.terms,
      everyFinding: false,
      uncovered: uncoveredOf(plan),
    }
  }

  /** What may be shown of the text that has come. */
  continue(part: StreamedText, given: string, ends: boolean): string {
    const name = nameOf(part)
    const channel = this.#open.get(name) ?? this.#opened(part)
    this.#open.set(name, channel)
    channel.shift?.receive(given)
    let shown = this.#noted(channel, channel.matcher.push(given))
    if (ends) shown += this.#ended(name, channel)
    return channel.passes ? given : shown
  }

  /** Ends channels; what they still held goes out in an event of the same kind. */
  flush(
    ends: Ends,
    written: (group: string, kind: string, rest: string) => WireBytes,
  ): WireBytes[] {
    const out: WireBytes[] = []
    for (const [name, channel] of this.#open) {
      if (ends !== 'all' && !ends.includes(channel.group)) continue
      const rest = this.#ended(name, channel)
      if (rest !== '' && !channel.passes) out.push(written(channel.group, channel.kind, rest))
    }
    return out
  }

  shiftOf(place: { readonly group: string; readonly kind: string }): TextShift | undefined {
    return this.#shifts.get(nameOf(place))
  }

  /** A matcher as channels of this kind have it. */
  matcherFor({ isJson, isSigned, tool }: StreamedText): Matcher {
    const { plan, restorable } = this.#question
    const blocks = tool !== '' && plan.tools[tool] === 'block'
    const options = {
      ...this.options,
      ...(isSigned ? { operators: KEEP } : {}),
      ...(blocks ? { operators: BLOCK } : {}),
    }
    const { ruleset } = plan.rules
    const inner = isJson
      ? createJsonMatcher(ruleset, {
          ...options,
          numbers: plan.numbers,
          maskKeys: false,
          secretKeys: new Set(plan.secretKeys),
        })
      : createMatcher(ruleset, { ...options, before: '' })
    const spelled = (value: string): string => (isJson ? JSON.stringify(value).slice(1, -1) : value)
    return restorable.size === 0 || isSigned ? inner : restoringMatcher(inner, restorable, spelled)
  }

  #opened(part: StreamedText): Channel {
    const { group, kind, isJson, isSigned } = part
    const { offsets } = this.#shape
    const shift = offsets === null || isJson || isSigned ? null : createTextShift(offsets)
    if (shift !== null) this.#shifts.set(nameOf(part), shift)
    const passes = isSigned && this.#question.plan.signedReasoning === 'pass'
    return { group, kind, isSigned, passes, matcher: this.matcherFor(part), shift }
  }

  #ended(name: string, channel: Channel): string {
    this.#open.delete(name)
    const rest = this.#noted(channel, channel.matcher.end())
    channel.shift?.finish()
    return rest
  }

  #noted({ group, kind, isSigned, passes, shift }: Channel, step: Step): string {
    const channel = `${group} ${kind}`
    shift?.settle(step.masks, step.settled)
    this.findings.push(...step.findings.map((one) => ({ ...one, block: null, channel })))
    this.masked += step.findings.filter(({ operator }) => operator !== 'keep').length
    this.uninspected.push(...step.uninspected.map((one) => ({ ...one, channel })))
    // Signed reasoning cannot be edited: what is found in it stops the answer unless it may pass.
    if (step.blocked || (isSigned && !passes && step.findings.length > 0)) this.isBlocked = true
    return step.emit
  }
}

export const nameOf = ({
  group,
  kind,
}: {
  readonly group: string
  readonly kind: string
}): string => `${group} ${kind}`
