/** Masks a stream of JSON events: one matcher per channel, each event rewritten only where its text changed. */
import type { MaskingPlan } from '../../detect/masking-plan.ts'
import { scanJson } from '../../lib/json/scan.ts'
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import { fail } from '../../model/errors.ts'
import type { FindingRecord, UninspectedRecord } from '../../model/masking.ts'
import type { Splice } from '../../model/record.ts'
import type { EventReading, StreamedText, StreamShape } from '../../model/stream-shape.ts'
import type { AnswerMasking, AnswerQuestion } from './answer-masking.ts'
import { pointedTexts } from './answer-spans.ts'
import type { PointedText } from './answer-spans.ts'
import { createBinaryWire } from './binary-wire.ts'
import { inspectValue } from './inspect-texts.ts'
import type { RawValue } from './inspect-texts.ts'
import { carriedOut, edit, maskedText, removals } from './json-edits.ts'
import type { Edit } from './json-edits.ts'
import { Outbox } from './outbox.ts'
import type { Outgoing } from './outbox.ts'
import { placeEdits, spanEdits } from './place-edits.ts'
import { ROOT_PLACE, visitLeaves } from './request-leaves.ts'
import type { LeafPlace } from './request-leaves.ts'
import { nameOf, StreamChannels } from './stream-channels.ts'
import type { Ends } from './stream-channels.ts'
import type { StreamWire, WireBytes, WireEvent } from './stream-wire.ts'
import { createTextShift } from './text-shift.ts'
import { createTextWire } from './text-wire.ts'

const JSON_LIMITS = { depthMax: 512, elementsMax: 1_000_000 }

export function createStreamAnswer(question: AnswerQuestion, shape: StreamShape): AnswerMasking {
  const stream = new StreamAnswer(question, shape)
  return {
    push: (bytes) => stream.push(bytes),
    end: () => stream.end(),
    isBlocked: () => stream.isBlocked,
    report: () => stream,
  }
}

class StreamAnswer {
  readonly #question: AnswerQuestion
  readonly #shape: StreamShape
  readonly #channels: StreamChannels
  readonly #wire: StreamWire
  readonly #outbox = new Outbox()
  /** Short texts that every event repeats (fingerprints, tiers) and in which nothing was found. */
  readonly #clean = new Set<string>()
  /** Bytes of the events before. */
  #at = 0

  constructor(question: AnswerQuestion, shape: StreamShape) {
    this.#question = question
    this.#shape = shape
    this.#channels = new StreamChannels(question, shape)
    const { framing } = question
    this.#wire =
      framing === 'aws-eventstream'
        ? createBinaryWire()
        : createTextWire(framing === 'ndjson' ? 'ndjson' : 'sse')
  }

  get isBlocked(): boolean {
    return this.#channels.isBlocked
  }

  get splices(): readonly Splice[] {
    return this.#outbox.splices
  }

  get findings(): readonly FindingRecord[] {
    return this.#channels.findings
  }

  get uninspected(): readonly UninspectedRecord[] {
    return this.#channels.uninspected
  }

  push(bytes: Buffer): Buffer {
    for (const event of this.#wire.push(bytes)) if (!this.isBlocked) this.#take(event)
    return this.isBlocked ? Buffer.alloc(0) : this.#outbox.take(false)
  }

  end(): Buffer {
    const rest = this.#wire.end()
    // Threat: a value that breaks off with the connection is no value any more, but its beginning was held as one.
    if (this.#flush('all').length > 0)
      throw fail('upstream.protocol', 'It ended in the middle of a text.')
    return Buffer.concat([this.#outbox.take(true), Buffer.from(rest)])
  }

  /** One event in, its masked form out, behind whatever had to be flushed before it. */
  #take(event: WireEvent): void {
    const before = this.#channels.masked
    const length = Buffer.byteLength(event.raw)
    const parts = this.#rewritten(event, length)
    const masks = this.#channels.masked - before
    this.#outbox.add({ raw: event.raw, at: this.#at, masks, parts })
    this.#at += length
  }

  #rewritten(event: WireEvent, length: number): Outgoing['parts'] {
    const { raw, data } = event
    if (data === null) return [raw]
    if (data === '[DONE]') return [...this.#flush('all'), raw]
    const bytes = Buffer.from(data)
    const scan = scanJson(bytes, JSON_LIMITS)
    if (scan.kind === 'problem') throw fail('upstream.protocol', 'An event is not JSON.')
    const { tape } = scan
    const reading = this.#shape.read(tape, event.name)
    if (!reading.isKnown && this.#question.plan.unknownEvents === 'withhold') {
      this.#skipped(length, 'unknown-event')
      return []
    }
    const taken = this.#takeReasoning(tape, reading, length)
    if (taken === null) return this.#flush(reading.ends)
    const edits: Edit[] = [
      ...taken,
      ...reading.strips.map((node) =>
        edit(tape, node, tape.kind(node) === 'array' ? '[]' : 'null'),
      ),
      ...this.#continued(tape, reading),
    ]
    const before = this.#flush(reading.ends)
    edits.push(...this.#others(tape, reading))
    const made = (placed: readonly Edit[]): readonly WireBytes[] => {
      const all = [...placed, ...edits]
      return [...before, all.length === 0 ? raw : event.with(carriedOut(bytes, all))]
    }
    if (reading.spans.length === 0) return made([])
    return (isLast) => {
      const placed = spanEdits(tape, reading.spans, isLast, {
        channel: (place) => this.#channels.shiftOf(place),
        document: (index) => this.#question.documents()[index],
      })
      return placed === null ? null : made(placed)
    }
  }

  #skipped(length: number, reason: string): void {
    const [start, end] = [this.#at, this.#at + length]
    this.#channels.uninspected.push({ channel: 'event', start, end, reason })
  }

  get #drops(): boolean {
    return this.#question.plan.signedReasoning === 'drop'
  }

  /** Signed reasoning is never edited. Null when the whole event is taken out. */
  #takeReasoning(
    tape: JsonTape,
    { reasoning }: EventReading,
    length: number,
  ): readonly Edit[] | null {
    const { signedReasoning } = this.#question.plan
    if (reasoning.isSealed && signedReasoning === 'block') this.#channels.isBlocked = true
    if (reasoning.isSealed && signedReasoning === 'pass')
      this.#skipped(length, 'encrypted-reasoning')
    if (!this.#drops) return []
    if (reasoning.isWhole) return null
    return [
      ...removals(tape, reasoning.parts),
      ...reasoning.places.map(({ node, without }) => edit(tape, node, String(without))),
    ]
  }

  /** Texts that go on with their channels. */
  #continued(tape: JsonTape, { texts, ends }: EventReading): readonly Edit[] {
    return texts.flatMap((part, index) => {
      if ((part.isSigned && this.#drops) || this.#isExempt(part.tool)) return []
      // The last text of its channel in an event that ends it takes the rest with it.
      const isLast = !texts.slice(index + 1).some((other) => nameOf(other) === nameOf(part))
      const isEnd = isLast && (ends === 'all' || ends.includes(part.group))
      const given = tape.text(part.node) ?? ''
      const shown = this.#channels.continue(part, given, isEnd)
      return shown === given ? [] : [edit(tape, part.node, JSON.stringify(shown))]
    })
  }

  #isExempt(tool: string): boolean {
    return tool !== '' && this.#question.plan.tools[tool] === 'exempt'
  }

  #flush(ends: Ends): readonly WireBytes[] {
    const counting = this.#drops ? 'without-reasoning' : 'all'
    return this.#channels.flush(ends, (group, kind, rest) =>
      this.#wire.write(this.#shape.flush(group, kind, rest, counting)),
    )
  }

  /** A text that came in pieces before: it is masked as they were, so that both say the same. */
  #repeated(
    tape: JsonTape,
    node: NodeRef,
    part: StreamedText,
    pointed: PointedText | undefined,
  ): readonly Edit[] {
    if (this.#isExempt(part.tool)) return []
    const given = tape.text(node) ?? ''
    const matcher = this.#channels.matcherFor(part)
    const steps = [matcher.push(given), matcher.end()]
    if (steps.some(({ blocked }) => blocked)) this.#channels.isBlocked = true
    const shown = steps.map(({ emit }) => emit).join('')
    if (shown === given) return []
    const edits = [edit(tape, node, JSON.stringify(shown))]
    if (pointed === undefined) return edits
    const shift = createTextShift(pointed.unit)
    shift.receive(given)
    for (const { masks, settled } of steps) shift.settle(masks, settled)
    return [...edits, ...pointed.spans.flatMap((span) => placeEdits(tape, span, shift))]
  }

  /** Texts that stand in an event whole. */
  #others(tape: JsonTape, { texts, reasoning }: EventReading): readonly Edit[] {
    const { plan } = this.#question
    const inPlace = new Set(texts.map(({ node }) => node))
    if (this.#drops) for (const node of reasoning.parts) inPlace.add(node)
    const edits: Edit[] = []
    const pointed = this.#pointed(tape)
    visitLeaves(tape, tape.root, ROOT_PLACE, {
      enter: (node) => inPlace.has(node),
      media: () => undefined,
      leaf: (node, place) => {
        const form = this.#shape.repeats(place.key)
        if (form !== null && tape.kind(node) === 'string') {
          const { tool } = place
          const part = { node, group: 'whole', kind: form, isJson: form === 'json', tool }
          edits.push(...this.#repeated(tape, node, { ...part, isSigned: false }, pointed.get(node)))
        } else if (!this.#isExempt(place.tool))
          edits.push(...this.#whole(tape, node, place, treatmentOf(place, plan)))
      },
    })
    return edits
  }

  #pointed(tape: JsonTape): ReadonlyMap<NodeRef, PointedText> {
    if (this.#shape.offsets === null || !tape.bytes.includes('"annotations"')) return new Map()
    return new Map(
      pointedTexts(tape).flatMap((one) => one.texts.map((text) => [text, one] as const)),
    )
  }

  #whole(
    tape: JsonTape,
    node: NodeRef,
    place: LeafPlace,
    treatment: RawValue['treatment'],
  ): readonly Edit[] {
    const { plan } = this.#question
    const raw = tape.bytes.toString('utf8', tape.start(node), tape.end(node))
    const seen = `${place.key}\0${raw}`
    if (this.#clean.has(seen)) return []
    const { options } = this.#channels
    const settings = {
      ...options,
      numbers: plan.numbers,
      secretKeys: new Set(plan.secretKeys),
    }
    const value = { raw, key: place.key, treatment }
    const found = inspectValue(plan.rules, options.keys, settings, value)
    const channel = `event ${place.key}`
    this.#channels.findings.push(...found.findings.map((one) => ({ ...one, block: null, channel })))
    if (found.blocked) this.#channels.isBlocked = true
    this.#channels.masked += found.masks.length
    if (found.findings.length === 0 && seen.length < 256 && this.#clean.size < 64)
      this.#clean.add(seen)
    return found.masks.length > 0 ? [edit(tape, node, maskedText(raw, found.masks))] : []
  }
}

function treatmentOf(place: LeafPlace, plan: MaskingPlan): RawValue['treatment'] {
  if (place.isSigned) return plan.signedReasoning === 'block' ? 'block' : 'keep'
  return place.tool !== '' && plan.tools[place.tool] === 'block' ? 'block' : 'operators'
}
