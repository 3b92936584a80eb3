/** Texts that stand in an event of a stream whole, and those that repeat what came in pieces. */
import type { Mask } from '../../detect/finding.ts'
import type { Step } from '../../detect/matcher.ts'
import type { AnalyzerPlan, MaskingPlan } from '../../detect/masking-plan.ts'
import { analyzersOf, secretKeysOf } from '../../detect/masking-plan.ts'
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import { fail } from '../../model/errors.ts'
import type { StreamedText, StreamShape } from '../../model/stream-shape.ts'
import { analyzedValues } from '../analyzers/analyzed-values.ts'
import type { AnswerQuestion } from './answer-masking.ts'
import { pointedTexts } from './answer-spans.ts'
import type { PointedText } from './answer-spans.ts'
import { inSlices, SLICE_UNITS } from './in-slices.ts'
import { inspectValue } from './inspect-texts.ts'
import type { InspectionSettings, RawValue, ValueInspection } from './inspect-texts.ts'
import { edit, maskedText } from './json-edits.ts'
import type { Edit } from './json-edits.ts'
import { packed } from './packed-values.ts'
import { placeEdits } from './place-edits.ts'
import { isText, ROOT_PLACE, visitLeaves } from './request-leaves.ts'
import type { LeafPlace } from './request-leaves.ts'
import { restoredValue } from './restored-value.ts'
import { isExempt } from './stream-channels.ts'
import type { StreamChannels } from './stream-channels.ts'
import { createTextShift } from './text-shift.ts'

/** By the node of the value. */
export type Inspected = ReadonlyMap<NodeRef, ValueInspection>

interface Asked {
  readonly node: NodeRef
  readonly value: RawValue
  readonly seen: string
}

const NOTHING_INSPECTED: Inspected = new Map()

export class WholeTexts {
  readonly #question: AnswerQuestion
  readonly #shape: StreamShape
  readonly #channels: StreamChannels
  readonly #analyzers: readonly AnalyzerPlan[]
  readonly #settings: InspectionSettings
  /** Short texts that every event repeats (fingerprints, tiers) and in which nothing was found. */
  readonly #clean = new Set<string>()
  /** Long texts that came in pieces before, as they were masked again in turns. */
  readonly #again = new Map<NodeRef, readonly Step[]>()

  constructor(question: AnswerQuestion, shape: StreamShape, channels: StreamChannels) {
    this.#question = question
    this.#shape = shape
    this.#channels = channels
    const { plan } = question
    this.#analyzers = analyzersOf(plan, 'response')
    this.#settings = {
      ...channels.options,
      numbers: plan.numbers,
      secretKeys: secretKeysOf(plan),
    }
  }

  /** True where nobody has to be asked. */
  get isSync(): boolean {
    return this.#analyzers.length === 0
  }

  /** Null when there is nothing to wait for: no analyzer, no long text. Else give what it resolves to to `edits`. */
  prepare(tape: JsonTape, skipped: ReadonlySet<NodeRef>): Promise<Inspected> | null {
    const asked: Asked[] = []
    const long: { readonly node: NodeRef; readonly value: RawValue }[] = []
    const again: StreamedText[] = []
    this.#visit(tape, skipped, (node, place, form) => {
      if (tape.kind(node) !== 'string' || isExempt(this.#question.plan, place.tool)) return
      if (form !== null && this.#channels.said(tape.text(node) ?? '') !== undefined) return
      const isLong = tape.end(node) - tape.start(node) > SLICE_UNITS
      if (!isLong && this.#analyzers.length === 0) return
      const value = this.#value(tape, node, place)
      const seen = seenAs(value)
      const isAsked = this.#analyzers.length > 0 && value.isText && value.treatment === 'operators'
      if (isAsked && !this.#clean.has(seen)) asked.push({ node, value, seen })
      else if (isLong && form !== null) again.push(repeating(node, form, place))
      else if (isLong) long.push({ node, value })
    })
    if (asked.length + long.length + again.length === 0) return null
    return this.#prepared(tape, asked, long, again)
  }

  async #prepared(
    tape: JsonTape,
    asked: readonly Asked[],
    long: readonly { readonly node: NodeRef; readonly value: RawValue }[],
    again: readonly StreamedText[],
  ): Promise<Inspected> {
    for (const part of again) {
      const matcher = this.#channels.rulesFor(part)
      const steps: Step[] = []
      await inSlices(tape.text(part.node) ?? '', (slice) => {
        steps.push(matcher.push(slice))
        return steps.at(-1)?.blocked !== true
      })
      if (steps.at(-1)?.blocked !== true) steps.push(matcher.end())
      this.#again.set(part.node, steps)
    }
    const found = await this.#inspected(long.map(({ value }) => value))
    const inspected = asked.length === 0 ? NOTHING_INSPECTED : await this.#asked(asked)
    return new Map([
      ...inspected,
      ...long.flatMap(({ node }, at) => {
        const one = found[at]
        return one === undefined ? [] : [[node, one] as const]
      }),
    ])
  }

  /** Long ones by a thread. */
  async #inspected(values: readonly RawValue[]): Promise<readonly ValueInspection[]> {
    const { plan, tools, scope } = this.#question
    const { keys } = this.#channels.options
    const size = values.reduce((sum, { raw }) => sum + raw.length, 0)
    if (size <= SLICE_UNITS)
      return values.map((one) => inspectValue(plan.rules, keys, this.#settings, one))
    const question = { rules: plan.rules, master: tools.master, scope, values: packed(values) }
    const { operators, uncovered, threshold, encoded, numbers, secretKeys } = this.#settings
    const settings: InspectionSettings = {
      operators,
      threshold,
      encoded,
      numbers,
      secretKeys,
      ...(uncovered === undefined ? {} : { uncovered }),
    }
    return (await tools.pool.inspect({ ...question, settings })).inspections
  }

  async #asked(asked: readonly Asked[]): Promise<Inspected> {
    const { tools } = this.#question
    const { keys } = this.#channels.options
    const values = asked.map(({ value }) => value)
    const inspections = await this.#inspected(values)
    const analysts = { desk: tools.analyzers, plans: this.#analyzers, keys }
    const made = await analyzedValues(values, inspections, {
      ...analysts,
      operators: this.#settings.operators,
    })
    if (made.some(({ isUnanswered }) => isUnanswered))
      throw fail('policy.masking-failed', 'An analyzer did not answer in time.')
    return new Map(
      asked.flatMap(({ node, seen }, index) => {
        const one = made[index]
        if (one === undefined) return []
        if (!one.isPartial) this.#remember(seen, one)
        return [[node, one]]
      }),
    )
  }

  edits(
    tape: JsonTape,
    skipped: ReadonlySet<NodeRef>,
    inspected: Inspected = NOTHING_INSPECTED,
  ): readonly Edit[] {
    const edits: Edit[] = []
    const pointed = this.#pointed(tape)
    this.#visit(tape, skipped, (node, place, form) => {
      if (form !== null && tape.kind(node) === 'string' && !inspected.has(node)) {
        edits.push(...this.#repeated(tape, repeating(node, form, place), pointed.get(node)))
      } else edits.push(...this.#whole(tape, node, place, inspected.get(node)))
    })
    this.#again.clear()
    return edits
  }

  #visit(
    tape: JsonTape,
    skipped: ReadonlySet<NodeRef>,
    take: (node: NodeRef, place: LeafPlace, form: 'text' | 'json' | null) => void,
  ): void {
    visitLeaves(tape, tape.root, ROOT_PLACE, {
      enter: (node) => skipped.has(node),
      media: () => undefined,
      leaf: (node, place) => {
        const { plan, restorable } = this.#question
        if (restorable.size === 0 && isExempt(plan, place.tool)) return
        take(node, place, this.#shape.repeats(place.key))
      },
    })
  }

  /** A text that came in pieces before: it is masked as they were, so that both say the same. */
  #repeated(tape: JsonTape, part: StreamedText, pointed: PointedText | undefined): readonly Edit[] {
    const given = tape.text(part.node) ?? ''
    const again = this.#again.get(part.node)
    const steps = again ?? this.#channels.said(given) ?? this.#masked(part, given)
    if (steps.some(({ blocked }) => blocked)) this.#channels.isBlocked = true
    const shown = steps.map(({ emit }) => emit).join('')
    if (shown === given) return []
    const edits = [edit(tape, part.node, JSON.stringify(shown))]
    if (pointed === undefined) return edits
    const shift = createTextShift(pointed.unit)
    shift.receive(given)
    for (const { masks, settled } of steps) shift.settle(masks, settled)
    return [...edits, ...pointed.spans.flatMap((span) => placeEdits(tape, span, shift))]
  }

  #masked(part: StreamedText, given: string): readonly Step[] {
    const matcher = this.#channels.rulesFor(part)
    return [matcher.push(given), matcher.end()]
  }

  #pointed(tape: JsonTape): ReadonlyMap<NodeRef, PointedText> {
    if (this.#shape.offsets === null || !tape.bytes.includes('"annotations"')) return new Map()
    return new Map(
      pointedTexts(tape).flatMap((one) => one.texts.map((text) => [text, one] as const)),
    )
  }

  #value(tape: JsonTape, node: NodeRef, place: LeafPlace): RawValue {
    const raw = tape.bytes.toString('utf8', tape.start(node), tape.end(node))
    const treatment = treatmentOf(place, this.#question.plan)
    return { raw, key: place.key, isText: isText(place, tape, node), treatment }
  }

  #whole(
    tape: JsonTape,
    node: NodeRef,
    place: LeafPlace,
    inspected: ValueInspection | undefined,
  ): readonly Edit[] {
    const value = this.#value(tape, node, place)
    if (isExempt(this.#question.plan, place.tool)) {
      const own = this.#restored(value, place, [])
      return own.length > 0 ? [edit(tape, node, maskedText(value.raw, own))] : []
    }
    const seen = seenAs(value)
    if (inspected === undefined && this.#clean.has(seen)) return []
    const { keys } = this.#channels.options
    const found = inspected ?? inspectValue(this.#question.plan.rules, keys, this.#settings, value)
    const channel = `event ${place.key}`
    this.#channels.findings.push(...found.findings.map((one) => ({ ...one, block: null, channel })))
    this.#channels.uninspected.push(...found.uninspected.map((one) => ({ ...one, channel })))
    if (found.blocked) this.#channels.isBlocked = true
    this.#channels.masked += found.masks.length
    const masks = this.#restored(value, place, found.masks)
    // What analyzers have to be asked about is clean when they say so.
    if (this.#analyzers.length === 0 || !value.isText)
      this.#remember(seen, { findings: found.findings, masks })
    return masks.length > 0 ? [edit(tape, node, maskedText(value.raw, masks))] : []
  }

  /** Tool arguments of some dialects stand in one event whole: what the caller's tool is given are its own values. */
  #restored({ raw }: RawValue, { isSigned }: LeafPlace, masks: readonly Mask[]): readonly Mask[] {
    return isSigned ? masks : restoredValue(raw, masks, this.#question.restorable)
  }

  #remember(seen: string, { findings, masks }: Pick<ValueInspection, 'findings' | 'masks'>): void {
    if (findings.length === 0 && masks.length === 0 && seen.length < 256 && this.#clean.size < 64)
      this.#clean.add(seen)
  }
}

function repeating(node: NodeRef, form: 'text' | 'json', { tool }: LeafPlace): StreamedText {
  return { node, group: 'whole', kind: form, isJson: form === 'json', isSigned: false, tool }
}

const seenAs = ({ key, raw }: RawValue): string => `${key}\0${raw}`

function treatmentOf(place: LeafPlace, plan: MaskingPlan): RawValue['treatment'] {
  if (place.isSigned) return plan.signedReasoning === 'block' ? 'block' : 'keep'
  return place.tool !== '' && plan.tools[place.tool] === 'block' ? 'block' : 'operators'
}
