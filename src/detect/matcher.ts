/** Masks one channel as it streams: holds what may still become a match, and releases everything else at once. */
import { CONTEXT_UNITS, scoreInContext } from './context-words.ts'
import { decodeRun, RUN_MAX, RunFollower } from './encoded-run.ts'
import type { Run } from './encoded-run.ts'
import type { Finding, Mask, Spelling, Uninspected } from './finding.ts'
import { MaskQueue } from './mask-queue.ts'
import type { MaskKeys, OperatorTable } from './operators.ts'
import { operatorFor } from './operators.ts'
import { ACCEPTS, HELD } from './pattern/automaton.ts'
import type { Cursor } from './pattern/automaton.ts'
import type { Match } from './pattern/exact-search.ts'
import type { Rule } from './rule.ts'
import type { Probe, Ruleset } from './ruleset.ts'
import { SwallowedTail } from './swallowed-tail.ts'
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
  /** Reports findings that lie inside a surer one, too. */
  readonly everyFinding: boolean
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

interface Found {
  readonly rule: Rule
  readonly start: number
  readonly end: number
  readonly score: number
  readonly spelling: Spelling
  readonly value: string
  readonly tail: SwallowedTail | null
}

interface OpenTail {
  readonly found: Found
  readonly tail: SwallowedTail
  readonly probe: number
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
  readonly #queue: MaskQueue
  readonly #cursor: Cursor
  readonly #runs: RunFollower | null
  readonly #longest: number
  readonly #holdMax: number
  /** Where the channel's own text begins in the view; before it is given context. */
  readonly #origin: number
  #value = 0
  #chunk = ''
  #chunkAt = 0
  /** View position up to which units have been seen. */
  #at = 0
  /** Start of the segment in which a secret may be open. */
  #segment = 0
  #hits = new Set<number>()
  #finished: Run[] = []
  /** Per probe: where its next match may start. */
  readonly #resume: Float64Array
  #tails: readonly OpenTail[] = []
  #findings: Finding[] = []
  #uninspected: Uninspected[] = []
  #state: 'open' | 'working' | 'ended' = 'open'
  readonly #onUnit = (unit: number): void => this.#unit(unit)

  constructor(ruleset: Ruleset, options: MatcherOptions) {
    this.#ruleset = ruleset
    this.#options = options
    this.#longest = Math.max(ruleset.longest, options.encoded ? RUN_MAX + 1 : 0)
    this.#holdMax = 2 * this.#longest
    this.#resume = new Float64Array(ruleset.probes.length)
    this.#runs = options.encoded ? new RunFollower() : null
    this.#cursor = ruleset.automaton.start()
    this.#queue = new MaskQueue(this.#view, options.keys)
    if (options.before !== '') this.#lookAt(options.before)
    this.#origin = this.#at
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
    const run = this.#runs?.finish(this.#at) ?? null
    if (run !== null) this.#finished.push(run)
    for (const rule of this.#ruleset.automaton.atEnd(this.#value)) this.#hits.add(rule)
    this.#close(Infinity, true)
    for (const open of this.#tails) this.#closeTail(open)
    this.#tails = []
    this.#segment = this.#at
    this.#queue.release(this.#view.consumed, this.#at)
    return this.#finish('ended')
  }

  /** An exception inside a call leaves the state at `working`: every later call refuses, so nothing leaks. */
  #begin(): void {
    if (this.#state !== 'open') throw new Error(`the matcher is ${this.#state}`)
    this.#state = 'working'
    this.#value = this.#ruleset.automaton.resume(this.#cursor)
  }

  #finish(state: 'open' | 'ended'): Step {
    this.#ruleset.automaton.save(this.#cursor, this.#value)
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

  /** Runs context through the automaton without taking hits from it. */
  #lookAt(before: string): void {
    this.#value = this.#cursor.value
    this.#queue.receive(before)
    this.#feed(before)
    this.#view.finish(this.#onUnit)
    this.#hits.clear()
    this.#finished = []
    this.#runs?.finish(this.#at)
    this.#tails = []
    this.#findings = []
    this.#segment = this.#at
    this.#queue.skip(this.#view.consumed)
    this.#ruleset.automaton.save(this.#cursor, this.#value)
  }

  #feed(text: string): void {
    const view = this.#view
    this.#chunk = text
    this.#chunkAt = 0
    for (let i = 0; i < text.length; i += 1) {
      const unit = text.charCodeAt(i)
      if (view.isPlain(unit)) {
        this.#unit(unit)
        continue
      }
      this.#sync()
      this.#chunkAt = i + 1
      view.append(unit, this.#onUnit)
    }
    this.#sync()
  }

  /** Plain units reach the view late, in runs: before anything reads it. */
  #sync(): void {
    const missing = this.#at - this.#view.end
    if (missing <= 0) return
    this.#view.appendPlain(this.#chunk.slice(this.#chunkAt, this.#chunkAt + missing))
    this.#chunkAt += missing
  }

  /** One view unit becomes part of the channel. */
  #unit(unit: number): void {
    const { automaton } = this.#ruleset
    this.#at += 1
    const cls = automaton.classOf[unit] ?? 0
    const known = automaton.table[(this.#value >> 2) + cls] ?? -1
    const value = known >= 0 ? known : automaton.step(this.#value, cls)
    this.#value = value
    if (this.#tails.length > 0) this.#extendTails(unit)
    if ((value & ACCEPTS) !== 0) for (const probe of automaton.accepts(value)) this.#hits.add(probe)
    let held = (value & HELD) !== 0
    if (this.#runs !== null) {
      const run = this.#runs.push(unit, this.#at)
      if (run !== null) this.#finished.push(run)
      held ||= this.#runs.holds(this.#at)
    }
    if (!held) {
      if (this.#hits.size > 0 || this.#finished.length > 0) this.#close(Infinity, false)
      this.#segment = this.#at
    } else if (this.#at - this.#segment > this.#holdMax) this.#closePart()
  }

  /** Everything that starts before `limit` is complete: verifies it and queues the masks. */
  #close(limit: number, final: boolean): void {
    this.#sync()
    const found: Found[] = []
    for (const probe of [...this.#hits].toSorted((a, b) => a - b))
      this.#search(probe, limit, final, found)
    for (const run of this.#finished) if (run.start < limit) this.#searchRun(run, found)
    this.#finished = this.#finished.filter((run) => run.start >= limit)
    if (limit === Infinity) this.#hits.clear()
    this.#report(found)
  }

  /** The hold is too long: what starts early enough can be no longer than the longest match, so it is final. */
  #closePart(): void {
    const limit = this.#at - this.#longest
    this.#close(limit, false)
    this.#segment = limit
  }

  #search(number: number, limit: number, final: boolean, found: Found[]): void {
    const probe = this.#ruleset.probes[number]
    if (probe === undefined) return
    const { text, base } = this.#view
    let from = Math.max(this.#resume[number] ?? 0, this.#segment - probe.before, base)
    const region = { text, to: this.#at - base, atStart: base === 0, final }
    while (from < this.#at) {
      const match = probe.search.find({ ...region, from: from - base })
      if (match === null || match.start + base >= limit) return
      const hit = this.#judge(probe, number, match)
      if (hit === null) from = match.start + base + 1
      else {
        found.push(hit)
        from = hit.tail === null ? Math.max(hit.end, match.end + base) : Infinity
      }
      this.#resume[number] = from
    }
  }

  #judge(probe: Probe, number: number, match: Match): Found | null {
    const { rule } = probe
    const { base } = this.#view
    const start = match.secretStart + base
    if (start < this.#origin) return null
    const end = match.secretEnd + base
    const value = this.#view.slice(start, end)
    if (!probe.cut && !rule.validate.every((validate) => validate(value))) return null
    const before = this.#view.slice(Math.max(base, start - CONTEXT_UNITS), start)
    const score = scoreInContext(rule.score, rule.context, before)
    if (score < this.#options.threshold) return null
    const spelling = probe.cut ? 'cut-off' : 'plain'
    if (rule.tail === null || probe.cut)
      return { rule, start, end, score, spelling, value, tail: null }
    return this.#swallow(
      { rule, start, end, score, spelling, value, tail: null },
      rule,
      probe,
      number,
    )
  }

  /** Follows the tail through what is already there; leaves it open when it reaches the end. */
  #swallow(head: Found, rule: Rule, probe: Probe, number: number): Found {
    if (rule.tail === null) return head
    const tail = new SwallowedTail(rule.tail, probe.until, head)
    const { text, base } = this.#view
    for (let at = head.end; at < this.#at; at += 1) {
      if (!tail.take(text.charCodeAt(at - base)))
        return { ...head, end: tail.end, value: tail.value }
    }
    const found: Found = { ...head, end: this.#at, tail }
    this.#tails = [...this.#tails, { found, tail, probe: number }]
    return found
  }

  #extendTails(unit: number): void {
    const closed = this.#tails.filter(({ tail }) => !tail.take(unit))
    if (closed.length === 0) return
    this.#sync()
    this.#tails = this.#tails.filter((open) => !closed.includes(open))
    for (const open of closed) this.#closeTail(open)
  }

  #closeTail(open: OpenTail): void {
    const { found, tail, probe } = open
    this.#resume[probe] = tail.end
    this.#queue.closeTail(tail)
    this.#findings.push(this.#finding({ ...found, end: tail.end, value: tail.value }))
  }

  #searchRun(run: Run, found: Found[]): void {
    if (run.end - run.start > RUN_MAX) {
      this.#uninspected.push({
        start: this.#queue.offset(this.#view.rawStart(run.start)),
        end: this.#queue.offset(this.#view.rawEnd(run.end)),
        reason: 'encoded-run-too-long',
      })
      return
    }
    const value = this.#view.slice(run.start, run.end)
    const decoded = decodeRun(value)
    if (decoded === null) return
    const inner = scanText(this.#ruleset, decoded.text, {
      ...this.#options,
      encoded: false,
      before: '',
    })
    const best = inner.findings.toSorted((a, b) => b.score - a.score)[0]
    const rule = this.#ruleset.rules.find(({ id }) => id === best?.rule)
    if (best === undefined || rule === undefined) return
    const { start, end } = run
    found.push({
      rule,
      start,
      end,
      score: best.score,
      spelling: decoded.spelling,
      value,
      tail: null,
    })
  }

  /** Queues the masks; findings that lie inside a surer one are not reported twice. */
  #report(found: readonly Found[]): void {
    const { everyFinding } = this.#options
    const kept = found.filter(
      (one, i) => everyFinding || !found.some((other, j) => i !== j && covers(other, one, j < i)),
    )
    for (const one of kept.toSorted((a, b) => a.start - b.start || b.score - a.score)) {
      const operator = operatorFor(this.#options.operators, one.rule.entity)
      if (one.tail === null) this.#findings.push(this.#finding(one))
      if (operator.kind !== 'keep') {
        this.#queue.add({
          entity: one.rule.entity,
          score: one.score,
          start: one.start,
          end: one.end,
          tail: one.tail,
          operator,
        })
      }
    }
  }

  #finding(found: Found): Finding {
    const { rule, score, spelling, value } = found
    return {
      rule: rule.id,
      entity: rule.entity,
      score,
      start: this.#queue.offset(this.#view.rawStart(found.start)),
      end: this.#queue.offset(this.#view.rawEnd(found.end)),
      spelling,
      operator: operatorFor(this.#options.operators, rule.entity).kind,
      fingerprint: this.#options.keys.digest('fingerprint', value),
    }
  }

  /** Keeps as much text before the segment as rules and context words may look back at. */
  #trim(): void {
    const keep = this.#segment - Math.max(this.#ruleset.before + 1, CONTEXT_UNITS)
    if (keep - this.#view.base > TRIM_UNITS) this.#view.dropBefore(keep)
  }
}

const TRIM_UNITS = 1024
/** Long texts are taken in pieces, so that the look-back stays short. */
const PIECE_UNITS = 2048

function covers(other: Found, one: Found, first: boolean): boolean {
  const otherEnd = other.tail === null ? other.end : Infinity
  const oneEnd = one.tail === null ? one.end : Infinity
  if (other.start > one.start || otherEnd < oneEnd) return false
  if (other.score !== one.score) return other.score > one.score
  const wider = other.start < one.start || otherEnd > oneEnd
  return wider || first
}
