/** Masks a stream of JSON events: one matcher per channel, each event rewritten only where its text changed. */
import { scanJson } from '../../lib/json/scan.ts'
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import { fail } from '../../model/errors.ts'
import type { FindingRecord, UninspectedRecord } from '../../model/masking.ts'
import type { Splice } from '../../model/record.ts'
import type { EventReading, StreamedText, StreamShape } from '../../model/stream-shape.ts'
import type { AnswerMasking, AnswerQuestion } from './answer-masking.ts'
import { createBinaryWire } from './binary-wire.ts'
import { inSlices, SLICE_UNITS } from './in-slices.ts'
import { carriedOut, edit, removals } from './json-edits.ts'
import type { Edit } from './json-edits.ts'
import { Outbox } from './outbox.ts'
import type { Outgoing } from './outbox.ts'
import { spanEdits } from './place-edits.ts'
import { isExempt, nameOf, StreamChannels } from './stream-channels.ts'
import type { Ends } from './stream-channels.ts'
import type { StreamWire, WireBytes, WireEvent } from './stream-wire.ts'
import { createTextWire } from './text-wire.ts'
import { WholeTexts } from './whole-texts.ts'
import type { Inspected } from './whole-texts.ts'

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

interface Rewriting {
  /** Gives texts to their channels; a promise where they are long. */
  readonly begin: () => Promise<void> | null
  readonly ends: Ends
  /** Null where there are no texts beside those of channels. */
  readonly tape: JsonTape | null
  readonly skipped: ReadonlySet<NodeRef>
  readonly parts: (inspected?: Inspected) => Outgoing['parts']
}

interface Changed {
  readonly event: WireEvent
  readonly tape: JsonTape
  readonly bytes: Buffer
  /** What had to go out in front of it. */
  readonly before: readonly WireBytes[]
  readonly edits: readonly Edit[]
}

const NO_TEXTS = {
  begin: () => null,
  ends: [],
  tape: null,
  skipped: new Set<NodeRef>(),
} as const

class StreamAnswer {
  readonly #question: AnswerQuestion
  readonly #shape: StreamShape
  readonly #channels: StreamChannels
  readonly #wire: StreamWire
  readonly #outbox = new Outbox()
  readonly #whole: WholeTexts
  /** Bytes of the events before. */
  #at = 0

  constructor(question: AnswerQuestion, shape: StreamShape) {
    this.#question = question
    this.#shape = shape
    this.#channels = new StreamChannels(question, shape)
    this.#whole = new WholeTexts(question, shape, this.#channels)
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

  get keptAt(): readonly number[] {
    return this.#channels.keptAt
  }

  get uninspected(): readonly UninspectedRecord[] {
    return this.#channels.uninspected
  }

  push(bytes: Buffer): Buffer | Promise<Buffer> {
    return this.#all(this.#wire.push(bytes), 0)
  }

  /** A promise only where analyzers have to be waited for before a channel may end. */
  #all(events: readonly WireEvent[], from: number): Buffer | Promise<Buffer> {
    for (let next = from; next < events.length && !this.isBlocked; next += 1) {
      const event = events[next]
      const taken = event === undefined ? null : this.#take(event)
      if (taken !== null) return taken.then(() => this.#all(events, next + 1))
    }
    return this.isBlocked ? Buffer.alloc(0) : this.#outbox.take(false)
  }

  end(): Buffer | Promise<Buffer> {
    const waits = this.#channels.complete('all')
    return waits === null ? this.#rest() : waits.then(() => this.#rest())
  }

  #rest(): Buffer {
    const rest = this.#wire.end()
    // Threat: a value that breaks off with the connection is no value any more, but its beginning was held as one.
    if (this.#flush('all').length > 0)
      throw fail('upstream.protocol', 'It ended in the middle of a text.')
    return Buffer.concat([this.#outbox.take(true), Buffer.from(rest)])
  }

  /** One event in, its masked form out, behind whatever had to be flushed before it. */
  #take(event: WireEvent): Promise<void> | null {
    const before = this.#channels.masked
    this.#channels.at = this.#at
    const length = Buffer.byteLength(event.raw)
    const add = (parts: Outgoing['parts']): void => {
      const masks = this.#channels.masked - before
      this.#outbox.add({ raw: event.raw, at: this.#at, masks, parts })
      this.#at += length
    }
    const rewriting = this.#rewritten(event, length)
    const { parts, ends, tape } = rewriting
    const begun = rewriting.begin()
    const isLong = (event.data?.length ?? 0) > SLICE_UNITS
    const ended = begun !== null || ends.length === 0 ? null : this.#channels.complete(ends)
    if (begun === null && ended === null && (tape === null || (this.#whole.isSync && !isLong))) {
      add(parts(undefined))
      return null
    }
    return this.#waited(rewriting, begun, ended, (inspected) => add(parts(inspected)))
  }

  async #waited(
    { ends, tape, skipped }: Rewriting,
    begun: Promise<void> | null,
    ended: Promise<unknown> | null,
    go: (inspected: Inspected | undefined) => void,
  ): Promise<void> {
    await begun
    await (begun === null || ends.length === 0 ? ended : this.#channels.complete(ends))
    if (this.isBlocked) return
    go(tape === null ? undefined : ((await this.#whole.prepare(tape, skipped)) ?? undefined))
  }

  /** The event in two steps: what it brings is taken now, what it ends is ended by `parts`. */
  #rewritten(event: WireEvent, length: number): Rewriting {
    const { raw, data } = event
    if (data === null) return { ...NO_TEXTS, parts: () => [raw] }
    if (data === '[DONE]')
      return { ...NO_TEXTS, ends: 'all', parts: () => [...this.#flush('all'), raw] }
    const bytes = Buffer.from(data)
    const scan = scanJson(bytes, JSON_LIMITS)
    if (scan.kind === 'problem') throw fail('upstream.protocol', 'An event is not JSON.')
    const { tape } = scan
    const reading = this.#shape.read(tape, event.name)
    if (!reading.isKnown && this.#question.plan.unknownEvents === 'withhold') {
      this.#skipped(length, 'unknown-event')
      return { ...NO_TEXTS, parts: () => [] }
    }
    const { ends } = reading
    const taken = this.#takeReasoning(tape, reading, length)
    if (taken === null) return { ...NO_TEXTS, ends, parts: () => this.#flush(ends) }
    const texts: (() => readonly Edit[])[] = []
    const begin = (): Promise<void> | null => this.#begin(tape, reading, texts)
    const edits: Edit[] = [
      ...taken,
      ...reading.strips.map((node) =>
        edit(tape, node, tape.kind(node) === 'array' ? '[]' : 'null'),
      ),
    ]
    const skipped = this.#skippedIn(reading)
    const parts = (inspected?: Inspected): Outgoing['parts'] => {
      edits.push(...texts.flatMap((shown) => shown()))
      const before = this.#flush(ends)
      edits.push(...this.#whole.edits(tape, skipped, inspected))
      return this.#placed({ event, tape, bytes, before, edits }, reading)
    }
    return { begin, ends, tape, skipped, parts }
  }

  /** Waits while a citation points into text that is still held. */
  #placed(
    { event, tape, bytes, before, edits }: Changed,
    { spans }: EventReading,
  ): Outgoing['parts'] {
    const made = (placed: readonly Edit[]): readonly WireBytes[] => {
      const all = [...placed, ...edits]
      return [...before, all.length === 0 ? event.raw : event.with(carriedOut(bytes, all))]
    }
    if (spans.length === 0) return made([])
    return (isLast) => {
      const placed = spanEdits(tape, spans, isLast, {
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

  /** Gives texts to their channels; each answers later, in `out`, what may be shown of it. */
  #begin(
    tape: JsonTape,
    { texts, ends }: EventReading,
    out: (() => readonly Edit[])[],
  ): Promise<void> | null {
    const given = texts.flatMap((part, index) => {
      if ((part.isSigned && this.#drops) || this.#passes(part.tool)) return []
      // The last text of its channel in an event that ends it takes the rest with it.
      const isLast = !texts.slice(index + 1).some((other) => nameOf(other) === nameOf(part))
      const isEnd = isLast && (ends === 'all' || ends.includes(part.group))
      return [{ part, isEnd, text: tape.text(part.node) ?? '' }]
    })
    const answer = ({ node }: StreamedText, text: string, slices: (() => string)[]): void => {
      out.push(() => {
        const shown = slices.map((slice) => slice()).join('')
        return shown === text ? [] : [edit(tape, node, JSON.stringify(shown))]
      })
    }
    if (given.every(({ text }) => text.length <= SLICE_UNITS)) {
      for (const { part, isEnd, text } of given)
        answer(part, text, [this.#channels.continue(part, text, isEnd)])
      return null
    }
    const inTurn = async (): Promise<void> => {
      for (const { part, isEnd, text } of given) {
        const slices: (() => string)[] = []
        await inSlices(text, (slice, isLast) => {
          slices.push(this.#channels.continue(part, slice, isEnd && isLast))
          return !this.isBlocked
        })
        answer(part, text, slices)
      }
    }
    return inTurn()
  }

  #skippedIn({ texts, reasoning }: EventReading): ReadonlySet<NodeRef> {
    const skipped = new Set(texts.map(({ node }) => node))
    if (this.#drops) for (const node of reasoning.parts) skipped.add(node)
    return skipped
  }

  /** Nobody looks into it, and nothing can come back in it. */
  #passes(tool: string): boolean {
    const { plan, restorable } = this.#question
    return restorable.size === 0 && isExempt(plan, tool)
  }

  #flush(ends: Ends): readonly WireBytes[] {
    const counting = this.#drops ? 'without-reasoning' : 'all'
    return this.#channels.flush(ends, (group, kind, rest) =>
      this.#wire.write(this.#shape.flush(group, kind, rest, counting)),
    )
  }
}
