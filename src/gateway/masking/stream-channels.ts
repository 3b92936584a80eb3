/** The channels of one stream, a matcher for each: what they hold, what became of their texts. */
import { createJsonMatcher, passThrough } from '../../detect/json-fragments.ts'
import { eitherMatcher } from '../../detect/either-matcher.ts'
import { createMatcher } from '../../detect/matcher.ts'
import type { Matcher, MatcherOptions, Step } from '../../detect/matcher.ts'
import { analyzersOf, operatorsOf, secretKeysOf, uncoveredOf } from '../../detect/masking-plan.ts'
import type { AnalyzerPlan, MaskingPlan } from '../../detect/masking-plan.ts'
import type { OperatorTable } from '../../detect/operators.ts'
import type { FindingRecord, UninspectedRecord } from '../../model/masking.ts'
import type { StreamedText, StreamShape } from '../../model/stream-shape.ts'
import type { AnswerQuestion } from './answer-masking.ts'
import { documentsBy } from '../analyzers/analyzed-document.ts'
import { analyzedMatcher, textsBy, wholeMatcher } from '../analyzers/analyzed-matcher.ts'
import type { AnalyzedMatcher } from '../analyzers/analyzed-matcher.ts'
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
  /** Not null where analyzers look at it, too. */
  readonly analyzed: AnalyzedMatcher | null
  readonly shift: TextShift | null
  /** What came and what became of it, for events that repeat it; null where rules alone say it again. */
  readonly history: { given: string; readonly steps: Step[] } | null
}

export type Ends = readonly string[] | 'all'

export class StreamChannels {
  readonly findings: FindingRecord[] = []
  /** Of values left as they were: where `at` stood when the value had come whole. */
  readonly keptAt: number[] = []
  /** Bytes before the event that is being taken. */
  at = 0
  readonly uninspected: UninspectedRecord[] = []
  readonly options: Omit<MatcherOptions, 'before'>
  isBlocked = false
  /** Values masked so far. */
  masked = 0
  readonly #question: AnswerQuestion
  readonly #shape: StreamShape
  readonly #said = new Map<string, readonly Step[]>()
  readonly #analyzers: readonly AnalyzerPlan[]
  readonly #open = new Map<string, Channel>()
  /** Of ended channels too: citations may come behind the text they point into. */
  readonly #shifts = new Map<string, TextShift>()

  constructor(question: AnswerQuestion, shape: StreamShape) {
    this.#question = question
    this.#shape = shape
    const { plan, tools, scope } = question
    this.#analyzers = analyzersOf(plan, 'response')
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

  /** Resolves when analyzers have said all of what stands in these channels; null when there is nothing to wait for. */
  complete(ends: Ends): Promise<unknown> | null {
    if (this.#analyzers.length === 0) return null
    const waits: Promise<void>[] = []
    for (const { group, analyzed } of this.#open.values()) {
      if (analyzed === null || (ends !== 'all' && !ends.includes(group))) continue
      const wait = analyzed.complete()
      if (wait !== null) waits.push(wait)
    }
    return waits.length === 0 ? null : Promise.all(waits)
  }

  /** Takes text that has come; the answer says what may be shown of it, once `complete` is through. */
  continue(part: StreamedText, given: string, ends: boolean): () => string {
    const name = nameOf(part)
    const channel = this.#open.get(name) ?? this.#opened(part)
    this.#open.set(name, channel)
    channel.shift?.receive(given)
    if (channel.history !== null) channel.history.given += given
    const shown = this.#noted(channel, channel.matcher.push(given))
    return () => {
      const all = ends ? shown + this.#ended(name, channel) : shown
      return channel.passes ? given : all
    }
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

  /** What became of a text that ended; known where analyzers had a say in it. */
  said(given: string): readonly Step[] | undefined {
    return this.#said.get(given)
  }

  /** A matcher as channels of this kind have it, without analyzers. */
  rulesFor(part: StreamedText): Matcher {
    return this.#restoring(this.#inner(part), part)
  }

  #inner({ isJson, isSigned, tool }: StreamedText): Matcher {
    const { plan } = this.#question
    if (isExempt(plan, tool)) return passThrough()
    const blocks = this.#blocks(tool)
    const options = {
      ...this.options,
      ...(isSigned ? { operators: KEEP } : {}),
      ...(blocks ? { operators: BLOCK } : {}),
    }
    const { ruleset } = plan.rules
    const asJson = (): Matcher =>
      createJsonMatcher(ruleset, {
        ...options,
        numbers: plan.numbers,
        maskKeys: false,
        secretKeys: secretKeysOf(plan),
      })
    const asText = (): Matcher => createMatcher(ruleset, { ...options, before: '' })
    // An answer that was asked for as JSON is a text that stays JSON.
    return isJson ? asJson() : eitherMatcher(asText, asJson)
  }

  #blocks(tool: string): boolean {
    return tool !== '' && this.#question.plan.tools[tool] === 'block'
  }

  /** The caller's own values come back behind everything that masks. */
  #restoring(inner: Matcher, { isJson, isSigned }: StreamedText): Matcher {
    const { restorable } = this.#question
    if (restorable.size === 0 || isSigned) return inner
    return restoringMatcher(inner, restorable, isJson ? 'json' : 'text')
  }

  #analyzed(inner: Matcher, isJson: boolean): AnalyzedMatcher {
    const { operators, keys } = this.options
    const asked = { desk: this.#question.tools.analyzers, plans: this.#analyzers }
    const texts = textsBy({ ...asked, settings: { operators, keys, spelled: (text) => text } })
    return isJson
      ? wholeMatcher(inner, documentsBy({ ...asked, operators, keys }, texts))
      : analyzedMatcher(inner, texts)
  }

  #opened(part: StreamedText): Channel {
    const { group, kind, isJson, isSigned } = part
    const { offsets } = this.#shape
    const shift = offsets === null || isJson || isSigned ? null : createTextShift(offsets)
    if (shift !== null) this.#shifts.set(nameOf(part), shift)
    const passes = isSigned && this.#question.plan.signedReasoning === 'pass'
    const inner = this.#inner(part)
    const { tool } = part
    const looksOnly = isSigned || this.#blocks(tool) || isExempt(this.#question.plan, tool)
    const isAnalyzed = !looksOnly && this.#analyzers.length > 0
    const analyzed = isAnalyzed ? this.#analyzed(inner, isJson) : null
    const matcher = this.#restoring(analyzed ?? inner, part)
    const history =
      analyzed === null || this.#shape.repeats('text') === null ? null : { given: '', steps: [] }
    return { group, kind, isSigned, passes, matcher, analyzed, history, shift }
  }

  #ended(name: string, channel: Channel): string {
    this.#open.delete(name)
    const rest = this.#noted(channel, channel.matcher.end())
    channel.shift?.finish()
    if (channel.history !== null) this.#said.set(channel.history.given, channel.history.steps)
    return rest
  }

  #noted({ group, kind, isSigned, passes, shift, history }: Channel, step: Step): string {
    history?.steps.push(step)
    const channel = `${group} ${kind}`
    shift?.settle(step.masks, step.settled)
    this.findings.push(...step.findings.map((one) => ({ ...one, block: null, channel })))
    for (const { operator } of step.findings) {
      if (operator === 'keep') this.keptAt.push(this.at)
      else this.masked += 1
    }
    this.uninspected.push(...step.uninspected.map((one) => ({ ...one, channel })))
    // Signed reasoning cannot be edited: what is found in it stops the answer unless it may pass.
    if (step.blocked || (isSigned && !passes && step.findings.length > 0)) this.isBlocked = true
    return step.emit
  }
}

/** True for the arguments of a tool into which nobody looks. */
export function isExempt(plan: MaskingPlan, tool: string): boolean {
  return tool !== '' && plan.tools[tool] === 'exempt'
}

export const nameOf = ({
  group,
  kind,
}: {
  readonly group: string
  readonly kind: string
}): string => `${group} ${kind}`
