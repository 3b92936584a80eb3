/** Masks a stream of JSON events: one matcher per channel, each event rewritten only where its text changed. */
import { createJsonMatcher } from '../../detect/json-fragments.ts'
import { createMatcher } from '../../detect/matcher.ts'
import type { Matcher, MatcherOptions, Step } from '../../detect/matcher.ts'
import { operatorsOf, uncoveredOf } from '../../detect/masking-plan.ts'
import type { MaskingPlan } from '../../detect/masking-plan.ts'
import type { OperatorTable } from '../../detect/operators.ts'
import { scanJson } from '../../lib/json/scan.ts'
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import type { StreamFraming } from '../../model/dialect.ts'
import { fail } from '../../model/errors.ts'
import type { FindingRecord, UninspectedRecord } from '../../model/masking.ts'
import type { Splice } from '../../model/record.ts'
import type { ReasoningReading, StreamedText, StreamShape } from '../../model/stream-shape.ts'
import type { AnswerMasking, AnswerQuestion } from './answer-masking.ts'
import { inspectValue } from './inspect-texts.ts'
import type { RawValue } from './inspect-texts.ts'
import { createMaskKeys } from './mask-keys.ts'
import { ROOT_PLACE, visitLeaves } from './request-leaves.ts'
import type { LeafPlace } from './request-leaves.ts'
import { carriedOut, edit, maskedText, removals } from './json-edits.ts'
import type { Edit } from './json-edits.ts'
import { restoringMatcher } from './restoring-matcher.ts'
import { createBinaryWire } from './binary-wire.ts'
import { changedPart } from './stream-events.ts'
import type { StreamWire, WireBytes, WireEvent } from './stream-wire.ts'
import { createTextWire } from './text-wire.ts'

const JSON_LIMITS = { depthMax: 512, elementsMax: 1_000_000 }
const KEEP: OperatorTable = { byEntity: new Map(), fallback: { kind: 'keep' } }

interface Channel {
  readonly group: string
  readonly kind: string
  readonly isSigned: boolean
  /** It is only looked at: its text leaves as it came. */
  readonly passes: boolean
  readonly matcher: Matcher
}

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
  readonly splices: Splice[] = []
  readonly findings: FindingRecord[] = []
  readonly uninspected: UninspectedRecord[] = []
  isBlocked = false
  readonly #question: AnswerQuestion
  readonly #shape: StreamShape
  readonly #options: Omit<MatcherOptions, 'before'>
  readonly #channels = new Map<string, Channel>()
  readonly #wire: StreamWire
  /** Short texts that every event repeats (fingerprints, tiers) and in which nothing was found. */
  readonly #clean = new Set<string>()
  /** Values masked so far. */
  #masked = 0
  /** Bytes of the events before. */
  #at = 0

  constructor(question: AnswerQuestion, shape: StreamShape) {
    this.#question = question
    this.#shape = shape
    const { framing } = question
    this.#wire =
      framing === 'aws-eventstream'
        ? createBinaryWire()
        : createTextWire(framing === 'ndjson' ? 'ndjson' : 'sse')
    const { plan, tools, scope } = question
    this.#options = {
      operators: operatorsOf(plan),
      keys: createMaskKeys(tools.master, scope, () => undefined),
      threshold: plan.threshold,
      encoded: plan.decode.includes('response'),
      terms: plan.rules.terms,
      everyFinding: false,
      uncovered: uncoveredOf(plan),
    }
  }

  push(bytes: Buffer): Buffer {
    const out: WireBytes[] = []
    for (const event of this.#wire.push(bytes)) if (!this.isBlocked) out.push(...this.#take(event))
    return this.isBlocked ? Buffer.alloc(0) : joined(out)
  }

  end(): Buffer {
    const rest = this.#wire.end()
    const before = this.#masked
    const flushed = joined(this.#flush('all'))
    const splice = insertion(this.#question.framing, flushed, this.#at)
    if (splice !== null) this.splices.push({ ...splice, masks: this.#masked - before })
    return Buffer.concat([flushed, Buffer.from(rest)])
  }

  /** One event in, its masked form out, behind whatever had to be flushed before it. */
  #take(event: WireEvent): readonly WireBytes[] {
    const { raw } = event
    const before = this.#masked
    const length = Buffer.byteLength(raw)
    const out = this.#rewritten(event, length)
    const splice = out.length === 1 && out[0] === raw ? null : spliceOf(raw, joined(out), this.#at)
    if (splice !== null) this.splices.push({ ...splice, masks: this.#masked - before })
    this.#at += length
    return out
  }

  #rewritten(event: WireEvent, length: number): readonly WireBytes[] {
    const { raw, data } = event
    if (data === null) return [raw]
    if (data === '[DONE]') return [...this.#flush('all'), raw]
    const bytes = Buffer.from(data)
    const scan = scanJson(bytes, JSON_LIMITS)
    if (scan.kind === 'problem') throw fail('upstream.protocol', 'An event is not JSON.')
    const reading = this.#shape.read(scan.tape, event.name)
    if (!reading.isKnown && this.#question.plan.unknownEvents === 'withhold') {
      const [start, end] = [this.#at, this.#at + length]
      this.uninspected.push({ channel: 'event', start, end, reason: 'unknown-event' })
      return []
    }
    const taken = this.#takeReasoning(scan.tape, reading.reasoning, length)
    if (taken === null) return this.#flush(reading.ends)
    const edits: Edit[] = [
      ...taken,
      ...reading.strips.map((node) =>
        edit(scan.tape, node, scan.tape.kind(node) === 'array' ? '[]' : 'null'),
      ),
    ]
    reading.texts.forEach((part, index) => {
      // The last text of its channel in an event that ends it takes the rest with it.
      const isLast = !reading.texts.slice(index + 1).some((other) => sameChannel(other, part))
      const ends = isLast && (reading.ends === 'all' || reading.ends.includes(part.group))
      edits.push(...this.#continue(scan.tape, part, ends))
    })
    const before = this.#flush(reading.ends)
    const gone = this.#drops ? reading.reasoning.parts : []
    const inPlace = new Set([...reading.texts.map(({ node }) => node), ...gone])
    edits.push(...this.#others(scan.tape, inPlace))
    return [...before, edits.length === 0 ? raw : event.with(carriedOut(bytes, edits))]
  }

  get #drops(): boolean {
    return this.#question.plan.signedReasoning === 'drop'
  }

  /** Signed reasoning is never edited. Null when the whole event is taken out. */
  #takeReasoning(
    tape: JsonTape,
    reasoning: ReasoningReading,
    length: number,
  ): readonly Edit[] | null {
    const { signedReasoning } = this.#question.plan
    if (reasoning.isSealed && signedReasoning === 'block') this.isBlocked = true
    if (reasoning.isSealed && signedReasoning === 'pass') {
      const [start, end] = [this.#at, this.#at + length]
      this.uninspected.push({ channel: 'event', start, end, reason: 'encrypted-reasoning' })
    }
    if (!this.#drops) return []
    if (reasoning.isWhole) return null
    return [
      ...removals(tape, reasoning.parts),
      ...reasoning.places.map(({ node, without }) => edit(tape, node, String(without))),
    ]
  }

  #continue(tape: JsonTape, part: StreamedText, ends: boolean): readonly Edit[] {
    const { plan } = this.#question
    if (part.isSigned && this.#drops) return []
    if (part.tool !== '' && plan.tools[part.tool] === 'exempt') return []
    const name = nameOf(part)
    const channel = this.#channels.get(name) ?? this.#opened(part)
    this.#channels.set(name, channel)
    const given = tape.text(part.node) ?? ''
    const steps = [channel.matcher.push(given)]
    if (ends) {
      steps.push(channel.matcher.end())
      this.#channels.delete(name)
    }
    const shown = steps.map((step) => this.#noted(channel, step)).join('')
    return channel.passes || shown === given ? [] : [edit(tape, part.node, JSON.stringify(shown))]
  }

  #opened({ group, kind, isJson, isSigned, tool }: StreamedText): Channel {
    const { plan, restorable } = this.#question
    const blocks = tool !== '' && plan.tools[tool] === 'block'
    const options = {
      ...this.#options,
      ...(isSigned ? { operators: KEEP } : {}),
      ...(blocks
        ? { operators: { byEntity: new Map(), fallback: { kind: 'block' as const } } }
        : {}),
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
    const matcher =
      restorable.size === 0 || isSigned ? inner : restoringMatcher(inner, restorable, spelled)
    const passes = isSigned && plan.signedReasoning === 'pass'
    return { group, kind, isSigned, passes, matcher }
  }

  #noted({ group, kind, isSigned, passes }: Channel, step: Step): string {
    const channel = `${group} ${kind}`
    this.findings.push(...step.findings.map((one) => ({ ...one, block: null, channel })))
    this.#masked += step.findings.filter(({ operator }) => operator !== 'keep').length
    this.uninspected.push(...step.uninspected.map((one) => ({ ...one, channel })))
    // Signed reasoning cannot be edited: what is found in it stops the answer unless it may pass.
    if (step.blocked || (isSigned && !passes && step.findings.length > 0)) this.isBlocked = true
    return step.emit
  }

  /** Ends channels; what they still held goes out in an event of the same kind. */
  #flush(ends: readonly string[] | 'all'): readonly WireBytes[] {
    const out: WireBytes[] = []
    for (const [name, channel] of this.#channels) {
      if (ends !== 'all' && !ends.includes(channel.group)) continue
      this.#channels.delete(name)
      const rest = this.#noted(channel, channel.matcher.end())
      if (rest === '' || channel.passes) continue
      const counting = this.#drops ? 'without-reasoning' : 'all'
      out.push(this.#wire.write(this.#shape.flush(channel.group, channel.kind, rest, counting)))
    }
    return out
  }

  /** A text that came in pieces before: it is masked as they were, so that both say the same. */
  #repeated(
    tape: JsonTape,
    node: NodeRef,
    form: 'text' | 'json',
    { tool }: LeafPlace,
  ): readonly Edit[] {
    const isJson = form === 'json'
    const part = { node, group: 'whole', kind: form, isJson, isSigned: false, tool }
    if (tool !== '' && this.#question.plan.tools[tool] === 'exempt') return []
    const given = tape.text(node) ?? ''
    const { matcher } = this.#opened(part)
    const steps = [matcher.push(given), matcher.end()]
    if (steps.some(({ blocked }) => blocked)) this.isBlocked = true
    const shown = steps.map(({ emit }) => emit).join('')
    return shown === given ? [] : [edit(tape, node, JSON.stringify(shown))]
  }

  /** Texts that stand in an event whole. */
  #others(tape: JsonTape, inPlace: ReadonlySet<NodeRef>): readonly Edit[] {
    const { plan } = this.#question
    const edits: Edit[] = []
    const settings = {
      ...this.#options,
      numbers: plan.numbers,
      secretKeys: new Set(plan.secretKeys),
    }
    visitLeaves(tape, tape.root, ROOT_PLACE, {
      enter: (node) => inPlace.has(node),
      media: () => undefined,
      leaf: (node, place) => {
        const form = this.#shape.repeats(place.key)
        if (form !== null && tape.kind(node) === 'string') {
          edits.push(...this.#repeated(tape, node, form, place))
          return
        }
        if (place.tool !== '' && plan.tools[place.tool] === 'exempt') return
        const raw = tape.bytes.toString('utf8', tape.start(node), tape.end(node))
        const seen = `${place.key}\0${raw}`
        if (this.#clean.has(seen)) return
        const treatment = treatmentOf(place, plan)
        const found = inspectValue(plan.rules, this.#options.keys, settings, {
          raw,
          key: place.key,
          treatment,
        })
        const channel = `event ${place.key}`
        this.findings.push(...found.findings.map((one) => ({ ...one, block: null, channel })))
        if (found.blocked) this.isBlocked = true
        this.#masked += found.masks.length
        if (found.findings.length === 0 && seen.length < 256 && this.#clean.size < 64)
          this.#clean.add(seen)
        if (found.masks.length > 0) edits.push(edit(tape, node, maskedText(raw, found.masks)))
      },
    })
    return edits
  }
}

function joined(parts: readonly WireBytes[]): Buffer {
  if (parts.every((part) => typeof part === 'string')) return Buffer.from(parts.join(''))
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
}

/** What became of an event, as a replacement in the bytes of the stream; null when nothing did. */
function spliceOf(raw: WireBytes, out: Buffer, at: number): Splice | null {
  if (typeof raw === 'string') {
    const shown = out.toString('utf8')
    if (shown === raw) return null
    const { start, end, text } = changedPart(raw, shown)
    const from = at + Buffer.byteLength(raw.slice(0, start))
    return { start: from, end: at + Buffer.byteLength(raw.slice(0, end)), with: text }
  }
  // A message has its length in front and its checksum behind: all of it is another one.
  if (out.equals(raw)) return null
  return { start: at, end: at + raw.length, with: out.toString('base64'), encoding: 'base64' }
}

function insertion(framing: StreamFraming, out: Buffer, at: number): Splice | null {
  if (out.length === 0) return null
  return framing === 'aws-eventstream'
    ? { start: at, end: at, with: out.toString('base64'), encoding: 'base64' }
    : { start: at, end: at, with: out.toString('utf8') }
}

function treatmentOf(place: LeafPlace, plan: MaskingPlan): RawValue['treatment'] {
  if (place.isSigned) return plan.signedReasoning === 'block' ? 'block' : 'keep'
  return place.tool !== '' && plan.tools[place.tool] === 'block' ? 'block' : 'operators'
}

const nameOf = ({ group, kind }: StreamedText): string => `${group} ${kind}`

const sameChannel = (a: StreamedText, b: StreamedText): boolean => nameOf(a) === nameOf(b)
