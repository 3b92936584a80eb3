/** Masks a stream of JSON events: one matcher per channel, each event rewritten only where its text changed. */
import { createJsonMatcher } from '../../detect/json-fragments.ts'
import { createMatcher } from '../../detect/matcher.ts'
import type { Matcher, MatcherOptions, Step } from '../../detect/matcher.ts'
import { operatorsOf } from '../../detect/masking-plan.ts'
import type { OperatorTable } from '../../detect/operators.ts'
import { scanJson } from '../../lib/json/scan.ts'
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import { fail } from '../../model/errors.ts'
import type { FindingRecord, UninspectedRecord } from '../../model/masking.ts'
import type { Splice } from '../../model/record.ts'
import type { AnswerMasking, AnswerQuestion } from './answer-masking.ts'
import { inspectValue } from './inspect-texts.ts'
import { createMaskKeys } from './mask-keys.ts'
import { ROOT_PLACE, visitLeaves } from './request-leaves.ts'
import type { LeafPlace } from './request-leaves.ts'
import { restoringMatcher } from './restoring-matcher.ts'
import { changedPart, eventData, splitEvents } from './stream-events.ts'
import type { StreamedText, StreamShape } from './stream-shapes.ts'

/** An event is held until it is complete. */
const EVENT_CHARS_MAX = 8 * 1024 * 1024
const JSON_LIMITS = { depthMax: 512, elementsMax: 1_000_000 }
const KEEP: OperatorTable = { byEntity: new Map(), fallback: { kind: 'keep' } }

interface Channel {
  readonly group: string
  readonly kind: string
  readonly isSigned: boolean
  readonly matcher: Matcher
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
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
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  /** Short texts that every event repeats (fingerprints, tiers) and in which nothing was found. */
  readonly #clean = new Set<string>()
  #waiting = ''
  /** Bytes of the events before. */
  #at = 0

  constructor(question: AnswerQuestion, shape: StreamShape) {
    this.#question = question
    this.#shape = shape
    const { plan, tools, scope } = question
    this.#options = {
      operators: operatorsOf(plan),
      keys: createMaskKeys(tools.master, scope, () => undefined),
      threshold: plan.threshold,
      encoded: plan.decode.includes('response'),
      terms: plan.rules.terms,
      everyFinding: false,
    }
  }

  push(bytes: Buffer): Buffer {
    this.#waiting += this.#decoder.decode(bytes, { stream: true })
    const { events, rest } = splitEvents(this.#question.framing, this.#waiting)
    this.#waiting = rest
    if (rest.length > EVENT_CHARS_MAX) throw fail('policy.masking-failed', 'An event is too long.')
    let out = ''
    for (const event of events) if (!this.isBlocked) out += this.#take(event)
    return this.isBlocked ? Buffer.alloc(0) : Buffer.from(out)
  }

  end(): Buffer {
    this.#waiting += this.#decoder.decode()
    if (this.#waiting.trim() !== '')
      throw fail('upstream.protocol', 'It ended in the middle of an event.')
    const rest = this.#waiting
    return Buffer.from(this.#flush('all') + rest)
  }

  /** One event in, its masked form out, behind whatever had to be flushed before it. */
  #take(event: string): string {
    const out = this.#rewritten(event)
    const length = Buffer.byteLength(event)
    if (out !== event) {
      const { start, end, text } = changedPart(event, out)
      const from = this.#at + Buffer.byteLength(event.slice(0, start))
      const to = this.#at + Buffer.byteLength(event.slice(0, end))
      this.splices.push({ start: from, end: to, with: text })
    }
    this.#at += length
    return out
  }

  #rewritten(event: string): string {
    const data = eventData(this.#question.framing, event)
    if (data === null) return event
    if (data.text === '[DONE]') return this.#flush('all') + event
    const bytes = Buffer.from(data.text)
    const scan = scanJson(bytes, JSON_LIMITS)
    if (scan.kind === 'problem') throw fail('upstream.protocol', 'An event is not JSON.')
    const reading = this.#shape.read(scan.tape)
    if (!reading.isKnown && this.#question.plan.unknownEvents === 'withhold') {
      const [start, end] = [this.#at, this.#at + Buffer.byteLength(event)]
      this.uninspected.push({ channel: 'event', start, end, reason: 'unknown-event' })
      return ''
    }
    const edits: Edit[] = reading.strips.map((node) =>
      edit(scan.tape, node, scan.tape.kind(node) === 'array' ? '[]' : 'null'),
    )
    const own = new Set<string>()
    reading.texts.forEach((part, index) => {
      // The last text of its channel in an event that ends it takes the rest with it.
      const isLast = !reading.texts.slice(index + 1).some((other) => sameChannel(other, part))
      const ends = isLast && (reading.ends === 'all' || reading.ends.includes(part.group))
      if (ends) own.add(nameOf(part))
      edits.push(...this.#continue(scan.tape, part, ends))
    })
    const before = this.#flush(reading.ends)
    const inPlace = new Set(reading.texts.map(({ node }) => node))
    edits.push(...this.#others(scan.tape, inPlace))
    return before + data.with(carriedOut(bytes, edits))
  }

  #continue(tape: JsonTape, part: StreamedText, ends: boolean): readonly Edit[] {
    const { plan } = this.#question
    if (part.isSigned && plan.signedReasoning === 'pass') return []
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
    return shown === given ? [] : [edit(tape, part.node, JSON.stringify(shown))]
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
    return { group, kind, isSigned, matcher }
  }

  #noted({ group, kind, isSigned }: Channel, step: Step): string {
    const channel = `${group} ${kind}`
    this.findings.push(...step.findings.map((one) => ({ ...one, block: null, channel })))
    this.uninspected.push(...step.uninspected.map((one) => ({ ...one, channel })))
    // Signed reasoning cannot be edited: what is found in it stops the answer unless it may pass.
    if (step.blocked || (isSigned && step.findings.length > 0)) this.isBlocked = true
    return step.emit
  }

  /** Ends channels; what they still held goes out in an event of the same kind. */
  #flush(ends: readonly string[] | 'all'): string {
    let out = ''
    for (const [name, channel] of this.#channels) {
      if (ends !== 'all' && !ends.includes(channel.group)) continue
      this.#channels.delete(name)
      const rest = this.#noted(channel, channel.matcher.end())
      if (rest === '') continue
      const event = this.#shape.flush(channel.group, channel.kind, rest)
      const data = JSON.stringify(event.data)
      if (this.#question.framing === 'ndjson') out += `${data}\n`
      else out += `${event.name === '' ? '' : `event: ${event.name}\n`}data: ${data}\n\n`
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
        if (place.isSigned && plan.signedReasoning === 'pass') return
        if (place.tool !== '' && plan.tools[place.tool] === 'exempt') return
        const raw = tape.bytes.toString('utf8', tape.start(node), tape.end(node))
        const seen = `${place.key}\0${raw}`
        if (this.#clean.has(seen)) return
        const blocks = place.isSigned || (place.tool !== '' && plan.tools[place.tool] === 'block')
        const treatment = blocks ? ('block' as const) : ('operators' as const)
        const found = inspectValue(plan.rules, this.#options.keys, settings, {
          raw,
          key: place.key,
          treatment,
        })
        const channel = `event ${place.key}`
        this.findings.push(...found.findings.map((one) => ({ ...one, block: null, channel })))
        if (found.blocked) this.isBlocked = true
        if (found.findings.length === 0 && seen.length < 256 && this.#clean.size < 64)
          this.#clean.add(seen)
        if (found.masks.length > 0) edits.push(edit(tape, node, maskedText(raw, found.masks)))
      },
    })
    return edits
  }
}

function edit(tape: JsonTape, node: NodeRef, text: string): Edit {
  return { start: tape.start(node), end: tape.end(node), text }
}

const nameOf = ({ group, kind }: StreamedText): string => `${group} ${kind}`

const sameChannel = (a: StreamedText, b: StreamedText): boolean => nameOf(a) === nameOf(b)

function maskedText(
  raw: string,
  masks: readonly { readonly start: number; readonly end: number; readonly text: string }[],
): string {
  let out = ''
  let from = 0
  for (const { start, end, text } of masks) {
    out += raw.slice(from, start) + text
    from = end
  }
  return out + raw.slice(from)
}

function carriedOut(bytes: Buffer, edits: readonly Edit[]): string {
  let out = ''
  let from = 0
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start)) {
    out += bytes.toString('utf8', from, start) + text
    from = end
  }
  return out + bytes.toString('utf8', from)
}
