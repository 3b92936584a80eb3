/** Masks one channel as it streams: holds what may still become a match, and releases everything else at once. */
import { CONTEXT_UNITS } from './context-words.ts'
import { decodeRun, RUN_MAX, RunFollower } from './encoded-run.ts'
import type { Run, Stretch } from './encoded-run.ts'
import type { Finding, Mask, Uninspected } from './finding.ts'
import { MaskQueue } from './mask-queue.ts'
import type { Span } from './mask-queue.ts'
import type { MaskKeys, OperatorTable } from './operators.ts'
import { operatorFor } from './operators.ts'
import { HELD } from './pattern/automaton.ts'
import { ENDED, RuleFollower } from './rule-follower.ts'
import type { Ruleset } from './ruleset.ts'
import { covers, SegmentSearch } from './segment-search.ts'
import type { Found } from './segment-search.ts'
import { TermFollower } from './term-list.ts'
import type { Term, TermList } from './term-list.ts'
import { View } from './view.ts'

export interface MatcherOptions {
  readonly operators: OperatorTable
  readonly keys: MaskKeys
  /** Findings below it are dropped. */
  readonly threshold: number
  /** Decodes base64 and hex runs and looks inside; holds every word to its end. */
  readonly encoded: boolean
  /** Text in front of the channel that rules may use as context, such as the key of a JSON value. Never emitted. */
  readonly before: string
  /** Exact terms that are masked wherever they occur. */
  readonly terms: TermList | null
  /** Reports findings that lie inside a surer one, too. */
  readonly everyFinding: boolean
  /** Rules whose findings are reported even inside a surer one. */
  readonly uncovered?: ReadonlySet<string>
}

/** What a call released. */
export interface Step {
  /** Masked text that may go to the caller. */
  readonly emit: string
  /** Replacements in what was released, in order; offsets count from the start of the channel's text. */
  readonly masks: readonly Mask[]
  readonly findings: readonly Finding[]
  /** Everything before this offset of the channel's text has been released or replaced. */
  readonly settled: number
  /** True once an operator said `block`: nothing more will be emitted. */
  readonly blocked: boolean
  readonly uninspected: readonly Uninspected[]
}

export interface Matcher {
  readonly push: (text: string) => Step
  /** Ends the channel and releases the rest. */
  readonly end: () => Step
}

/** The result never depends on how the text was cut. A matcher that threw emits nothing more: it fails closed. */
export function createMatcher(ruleset: Ruleset, options: MatcherOptions): Matcher {
  const matcher = new ChannelMatcher(ruleset, options)
  return { push: (text) => matcher.push(text), end: () => matcher.end() }
}

/** Masks a whole text. */
export function scanText(ruleset: Ruleset, text: string, options: MatcherOptions): Step {
  const matcher = new ChannelMatcher(ruleset, options)
  const first = matcher.push(text)
  const last = matcher.end()
  return {
    ...last,
    emit: first.emit + last.emit,
    masks: [...first.masks, ...last.masks],
    findings: [...first.findings, ...last.findings].toSorted((a, b) => a.start - b.start),
    uninspected: [...first.uninspected, ...last.uninspected],
  }
}

class ChannelMatcher {
  readonly #ruleset: Ruleset
  readonly #options: MatcherOptions
  readonly #view = new View()
  readonly #search: SegmentSearch
  readonly #queue: MaskQueue
  readonly #rules: RuleFollower
  readonly #hits = new Set<number>()
  readonly #runs: RunFollower | null
  readonly #terms: TermFollower | null
  readonly #longest: number
  /** Text in front of a segment that is still needed. */
  readonly #lookBack: number
  #piece = ''
  /** Units of the piece that the view has. */
  #pieceAt = 0
  /** View position up to which units have been seen. */
  #at = 0
  /** Start of the segment in which a secret may be open. */
  #segment = 0
  #endedRuns: readonly Run[] = []
  #endedTerms: readonly Term[] = []
  /** Raw start of a run that has become too long to be held. */
  #longRunStart = 0
  #findings: Finding[] = []
  #uninspected: Uninspected[] = []
  #state: 'open' | 'working' | 'ended' = 'open'
  readonly #onUnit = (unit: number): void => this.#unit(unit)
  readonly #onSync = (to: number): void => this.#sync(to)

  constructor(ruleset: Ruleset, options: MatcherOptions) {
    this.#ruleset = ruleset
    this.#options = options
    const { encoded, terms, keys, threshold, before } = options
    this.#longest = Math.max(ruleset.longest, encoded ? RUN_MAX + 2 : 0, (terms?.longest ?? 0) + 2)
    this.#runs = encoded ? new RunFollower() : null
    this.#terms = terms === null ? null : new TermFollower(terms)
    this.#lookBack = Math.max(ruleset.before, ruleset.automaton.lookBack) + 2
    this.#rules = new RuleFollower(ruleset.automaton, this.#view)
    this.#search = new SegmentSearch(ruleset, this.#view, threshold)
    this.#queue = new MaskQueue(this.#view, keys)
    if (before !== '') this.#lookAt(before)
  }

  push(text: string): Step {
    this.#begin()
    for (let from = 0; from < text.length; from += PIECE_UNITS) {
      const piece = text.length <= PIECE_UNITS ? text : text.slice(from, from + PIECE_UNITS)
      this.#queue.receive(piece)
      this.#feed(piece)
      this.#queue.release(this.#view.rawStart(this.#segment), this.#at)
      this.#trim()
    }
    return this.#finish('open')
  }

  end(): Step {
    this.#begin()
    this.#view.finish(this.#onUnit)
    this.#endFollowers()
    for (const probe of this.#rules.atEnd()) this.#hits.add(probe)
    this.#close(Infinity, true)
    for (const found of this.#search.endTails()) this.#closeTail(found)
    this.#segment = this.#at
    this.#queue.release(this.#view.consumed, this.#at)
    return this.#finish('ended')
  }

  /** An exception inside a call leaves the state at `working`: every later call refuses, so nothing leaks. */
  #begin(): void {
    if (this.#state !== 'open') throw new Error(`the matcher is ${this.#state}`)
    this.#state = 'working'
    this.#rules.resume()
  }

  #finish(state: 'open' | 'ended'): Step {
    if (state === 'open') this.#rules.save()
    const step: Step = {
      ...this.#queue.takeReleased(),
      findings: this.#findings,
      uninspected: this.#uninspected,
    }
    this.#findings = []
    this.#uninspected = []
    this.#state = state
    return step
  }

  /** Runs context through the automaton without taking anything from it. */
  #lookAt(before: string): void {
    this.#rules.resume()
    this.#queue.receive(before)
    this.#feed(before)
    this.#view.finish(this.#onUnit)
    this.#endFollowers()
    this.#endedRuns = []
    this.#endedTerms = []
    this.#hits.clear()
    this.#search.forgetTails()
    this.#search.origin = this.#at
    this.#findings = []
    this.#segment = this.#at
    this.#queue.skip(this.#view.consumed)
    this.#rules.save()
  }

  #feed(text: string): void {
    const view = this.#view
    this.#piece = text
    this.#pieceAt = 0
    for (let i = 0; i < text.length;) {
      const taken = view.pending === '' ? this.#stretch(text, i) : 0
      i += taken
      if (taken > 0) continue
      this.#sync()
      view.append(text.charCodeAt(i), this.#onUnit)
      i += 1
      this.#pieceAt = i
    }
    this.#sync()
  }

  /** Takes units that stand for themselves; returns how many. */
  #stretch(text: string, from: number): number {
    const { ended, held } = this.#rules
    const stretch = { text, from, at: this.#at, held }
    const units = this.#rules.take(text, from, this.#at, this.#onSync)
    for (let unit = 0; unit < units;) {
      let next = ended.size === 0 ? units : unit
      while (next < units && ((held[next] ?? 0) & ENDED) === 0) next += 1
      unit = this.#skim(stretch, unit, next)
      if (unit < units) this.#settle(text.charCodeAt(from + unit), unit)
      unit += 1
    }
    return units
  }

  /** Takes units of the stretch behind which there is nothing to do, which are most; returns where one stands that has to be settled. */
  #skim(stretch: Stretch, unit: number, to: number): number {
    const isQuiet = !this.#hasWork && this.#terms === null && !this.#search.hasTails
    const isShort = this.#at + to - unit - this.#segment <= 2 * this.#longest
    if (!isQuiet || !isShort) return unit
    const { held } = stretch
    const units = this.#runs?.skim(stretch, unit, to) ?? to
    let last = units - 1
    while (last >= unit && held[last] !== 0) last -= 1
    if (last >= unit) this.#segment = this.#at + last - unit + 1
    this.#at += units - unit
    return units
  }

  /** Plain units reach the view late, in runs: before anything reads it. */
  #sync(to = this.#at): void {
    const missing = to - this.#view.end
    if (missing <= 0) return
    this.#view.appendPlain(this.#piece.slice(this.#pieceAt, this.#pieceAt + missing))
    this.#pieceAt += missing
  }

  /** One view unit becomes part of the channel. */
  #unit(unit: number): void {
    this.#rules.takeOne(unit, this.#at + 1)
    this.#settle(unit, 0)
  }

  /** What is to be done behind a unit; `index` is its place in the stretch that the rules took. */
  #settle(unit: number, index: number): void {
    this.#at += 1
    const { ended, held } = this.#rules
    for (const probe of ended.get(index) ?? NO_PROBES) this.#hits.add(probe)
    if (this.#search.hasTails) this.#extendTails(unit)
    const isHeld = this.#follow(unit) || ((held[index] ?? 0) & HELD) !== 0
    if (!isHeld) {
      if (this.#hasWork) this.#close(Infinity, false)
      this.#segment = this.#at
    } else if (this.#at - this.#segment > 2 * this.#longest) this.#closePart()
  }

  get #hasWork(): boolean {
    return this.#hits.size > 0 || this.#endedRuns.length > 0 || this.#endedTerms.length > 0
  }

  /** Runs and terms beside the automaton; true when one of them must hold. */
  #follow(unit: number): boolean {
    let held = false
    if (this.#runs !== null) {
      const run = this.#runs.push(unit, this.#at)
      if (run !== null) this.#endedRuns = [...this.#endedRuns, run]
      held = this.#runs.holds(this.#at)
      if (this.#runs.overflows(this.#at)) {
        this.#sync()
        this.#longRunStart = this.#view.rawStart(this.#at - RUN_MAX - 1)
      }
    }
    if (this.#terms !== null) {
      const terms = this.#terms.push(unit, this.#at)
      if (terms.length > 0) this.#endedTerms = [...this.#endedTerms, ...terms]
      held ||= this.#terms.holds()
    }
    return held
  }

  #endFollowers(): void {
    const run = this.#runs?.finish(this.#at) ?? null
    const terms = this.#terms?.finish(this.#at) ?? []
    if (run !== null) this.#endedRuns = [...this.#endedRuns, run]
    if (terms.length > 0) this.#endedTerms = [...this.#endedTerms, ...terms]
  }

  /** Everything that starts before `limit` is complete: verifies it and queues the masks. */
  #close(limit: number, final: boolean): void {
    this.#sync()
    const found: Found[] = []
    const segment = { start: this.#segment, end: this.#at, limit, final }
    for (const probe of [...this.#hits].toSorted((a, b) => a - b)) {
      this.#search.search(probe, segment, found)
    }
    for (const term of this.#endedTerms) if (term.start < limit) this.#foundTerm(term, found)
    for (const run of this.#endedRuns) if (run.start < limit) this.#searchRun(run, found)
    this.#endedTerms = this.#endedTerms.filter((term) => term.start >= limit)
    this.#endedRuns = this.#endedRuns.filter((run) => run.start >= limit)
    if (limit === Infinity) this.#hits.clear()
    this.#report(found)
  }

  /** The hold is too long: what starts early enough can be no longer than the longest match, so it is final. */
  #closePart(): void {
    const limit = this.#at - this.#longest
    this.#close(limit, false)
    this.#segment = limit
  }

  #extendTails(unit: number): void {
    const closed = this.#search.extendTails(unit)
    if (closed.length === 0) return
    this.#sync()
    for (const found of closed) this.#closeTail(found)
  }

  #closeTail(found: Found): void {
    if (found.tail !== null) this.#queue.closeTail(found.tail)
    this.#findings.push(this.#finding(found))
  }

  #foundTerm({ start, end, names }: Term, found: Found[]): void {
    if (start < this.#search.origin) return
    const value = this.#view.slice(start, end).toLowerCase()
    for (const { id, entity } of names)
      found.push({ rule: id, entity, start, end, score: 1, spelling: 'term', value, tail: null })
  }

  #searchRun({ start, end }: Run, found: Found[]): void {
    if (end - start > RUN_MAX) {
      const from = this.#queue.offset(this.#longRunStart)
      const to = this.#queue.offset(this.#view.rawEnd(end))
      this.#uninspected.push({ start: from, end: to, reason: 'encoded-run-too-long' })
      return
    }
    if (start < this.#search.origin) return
    const value = this.#view.slice(start, end)
    const decoded = decodeRun(value)
    if (decoded === null) return
    const options = { ...this.#options, encoded: false, before: '' }
    const inner = scanText(this.#ruleset, decoded.text, options)
    const [best] = inner.findings.toSorted((a, b) => b.score - a.score)
    if (best === undefined) return
    const { rule, entity, score } = best
    found.push({ rule, entity, start, end, score, spelling: decoded.spelling, value, tail: null })
  }

  /** Queues every mask; findings that lie inside a surer one are not reported twice. */
  #report(found: readonly Found[]): void {
    const { everyFinding, uncovered, operators } = this.#options
    const ordered = found.toSorted((a, b) => a.start - b.start || b.score - a.score)
    const spans: Span[] = []
    for (const [i, one] of ordered.entries()) {
      const operator = operatorFor(operators, one.entity, one.rule)
      if (operator.kind !== 'keep') spans.push({ ...one, operator })
      if (one.tail !== null) continue
      const isShown =
        everyFinding ||
        uncovered?.has(one.rule) === true ||
        !ordered.some(
          (other, j) => i !== j && uncovered?.has(other.rule) !== true && covers(other, one, j < i),
        )
      if (isShown) this.#findings.push(this.#finding(one))
    }
    this.#queue.add(spans)
  }

  #finding(found: Found): Finding {
    const { rule, entity, score, spelling, value } = found
    return {
      rule,
      entity,
      score,
      start: this.#queue.offset(this.#view.rawStart(found.start)),
      end: this.#queue.offset(this.#view.rawEnd(found.end)),
      spelling,
      operator: operatorFor(this.#options.operators, entity, rule).kind,
      fingerprint: this.#options.keys.digest('fingerprint', value),
    }
  }

  /** Keeps as much text before the segment as rules and context words may look back at. */
  #trim(): void {
    const keep = this.#segment - Math.max(this.#lookBack, CONTEXT_UNITS)
    if (keep - this.#view.base > TRIM_UNITS) this.#view.dropBefore(keep)
  }
}

const NO_PROBES: readonly number[] = []
const TRIM_UNITS = 1024
/** Long texts are taken in pieces, so that the look-back stays short. */
const PIECE_UNITS = 2048
