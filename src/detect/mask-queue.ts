/** Turns verified spans into replacements and releases the text around them in order. */
import type { Mask } from './finding.ts'
import { applyOperator, needsValue, REPLACE } from './operators.ts'
import type { MaskKeys, Operator } from './operators.ts'
import type { SwallowedTail } from './swallowed-tail.ts'
import { VALUE_MAX } from './swallowed-tail.ts'
import type { View } from './view.ts'

/** Positions are view positions. */
export interface Span {
  readonly entity: string
  readonly score: number
  readonly start: number
  readonly end: number
  /** Not null while the end is open. */
  readonly tail: SwallowedTail | null
  readonly operator: Operator
}

export interface Released {
  readonly emit: string
  readonly masks: readonly Mask[]
  readonly settled: number
  readonly blocked: boolean
}

/** Overlapping spans become one replacement, labelled by the surest of those that were queued first. */
interface Union {
  start: number
  end: number
  best: Span
  /** In which round `best` was queued. */
  round: number
  readonly tails: Set<SwallowedTail>
  written: boolean
}

export class MaskQueue {
  readonly #view: View
  readonly #keys: MaskKeys
  #unions: Union[] = []
  /** Raw text from `#settled` on. */
  #raw = ''
  #settled = 0
  #origin = 0
  #blocked = false
  #emit = ''
  #round = 0
  #masks: Mask[] = []

  constructor(view: View, keys: MaskKeys) {
    this.#view = view
    this.#keys = keys
  }

  receive(text: string): void {
    this.#raw += text
  }

  /** Text before the raw position `to` is context: it is never released, and offsets count from here. */
  skip(to: number): void {
    this.#unions = []
    this.#raw = this.#raw.slice(to - this.#settled)
    this.#settled = to
    this.#origin = to
  }

  /** Raw offset as the caller counts. */
  offset(raw: number): number {
    return raw - this.#origin
  }

  /** Queues the spans of one closed segment. */
  add(spans: readonly Span[]): void {
    this.#round += 1
    for (const span of spans) this.#join(span)
  }

  #join(span: Span): void {
    const joined: Union = {
      start: span.start,
      end: span.end,
      best: span,
      round: this.#round,
      tails: new Set(span.tail === null ? [] : [span.tail]),
      written: false,
    }
    const apart: Union[] = []
    for (const union of this.#unions) {
      if (union.start >= joined.end || endOf(union) <= joined.start) apart.push(union)
      else merge(joined, union)
    }
    this.#unions = [...apart, joined].toSorted((a, b) => a.start - b.start)
  }

  closeTail(tail: SwallowedTail): void {
    for (const union of this.#unions) {
      if (union.tails.delete(tail)) union.end = Math.max(union.end, tail.end)
    }
  }

  /** Releases everything before the raw position `cut`; an open replacement releases up to the view position `at`. */
  release(cut: number, at: number): void {
    while (!this.#blocked) {
      const [union] = this.#unions
      if (union === undefined || this.#view.rawStart(union.start) >= Math.max(cut, this.#settled))
        break
      if (!this.#write(union, at) || union.tails.size > 0) return
      const next = this.#unions[1]
      // The last replacement stays known: a later span may overlap its end.
      if (next === undefined || this.#view.rawStart(next.start) >= cut) break
      this.#unions.shift()
    }
    if (!this.#blocked) this.#emit += this.#take(cut)
  }

  /** What was released since the last call. */
  takeReleased(): Released {
    const released: Released = {
      emit: this.#emit,
      masks: this.#masks,
      settled: this.offset(this.#settled),
      blocked: this.#blocked,
    }
    this.#emit = ''
    this.#masks = []
    return released
  }

  /** False when the replacement must wait for the end of the value. */
  #write(union: Union, at: number): boolean {
    const open = union.tails.size > 0
    const end = open ? Math.max(union.end, at) : union.end
    if (union.written) {
      const from = this.#settled
      if (this.#take(this.#view.rawEnd(end)) !== '') this.#mask(from, '')
      return true
    }
    const { entity, operator } = union.best
    const tooLong = end - union.start > VALUE_MAX
    this.#emit += this.#take(this.#view.rawStart(union.start))
    if (open && needsValue(operator) && !tooLong) return false
    if (operator.kind === 'block') {
      this.#blocked = true
      return true
    }
    const from = this.#settled
    const value = this.#take(this.#view.rawEnd(end))
    this.#mask(
      from,
      applyOperator(
        tooLong && needsValue(operator) ? REPLACE : operator,
        entity,
        value,
        this.#keys,
      ),
    )
    union.written = true
    return true
  }

  #mask(from: number, text: string): void {
    this.#masks.push({ start: this.offset(from), end: this.offset(this.#settled), text })
    this.#emit += text
  }

  /** Settles up to the raw position `to` and returns the raw text up to there. */
  #take(to: number): string {
    const length = to - this.#settled
    if (length <= 0) return ''
    const text = this.#raw.slice(0, length)
    this.#raw = this.#raw.slice(length)
    this.#settled = to
    return text
  }
}

function endOf(union: Union): number {
  return union.tails.size > 0 ? Infinity : union.end
}

function merge(into: Union, union: Union): void {
  // What was queued in an earlier round may be written already: it keeps its label whatever joins it.
  const older =
    union.round < into.round || (union.round === into.round && precedes(union.best, into.best))
  if (older) {
    into.best = union.best
    into.round = union.round
  }
  into.start = Math.min(into.start, union.start)
  into.end = Math.max(into.end, union.end)
  for (const tail of union.tails) into.tails.add(tail)
  into.written ||= union.written
}

function precedes(a: Span, b: Span): boolean {
  if (a.score !== b.score) return a.score > b.score
  if (a.start !== b.start) return a.start < b.start
  return a.end > b.end
}
