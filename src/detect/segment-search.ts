/** Runs exact searches, validators and context words over a segment in which no secret is open any more. */
import { CONTEXT_UNITS, followsWord, scoreInContext, wordsOf } from './context-words.ts'
import type { Spelling } from './finding.ts'
import type { Match } from './pattern/exact-search.ts'
import type { Rule } from './rule.ts'
import type { Probe, Ruleset } from './ruleset.ts'
import { SwallowedTail } from './swallowed-tail.ts'
import type { View } from './view.ts'

/** A verified match. Positions are view positions. */
export interface Found {
  readonly rule: string
  readonly entity: string
  readonly start: number
  readonly end: number
  readonly score: number
  readonly spelling: Spelling
  readonly value: string
  /** Not null while the end of the secret is open. */
  readonly tail: SwallowedTail | null
}

export interface Segment {
  readonly start: number
  readonly end: number
  /** Only matches that start before it are taken. */
  readonly limit: number
  /** True when nothing follows. */
  readonly final: boolean
}

interface OpenTail {
  readonly found: Found
  readonly tail: SwallowedTail
  readonly probe: number
}

export class SegmentSearch {
  readonly #ruleset: Ruleset
  readonly #view: View
  readonly #threshold: number
  /** Per probe: where its next match may start; the start of the text for probes not in it. */
  readonly #resume = new Map<number, number>()
  #tails: readonly OpenTail[] = []
  /** The words around a segment, for all of its probes. */
  #nearby: { readonly segment: Segment; readonly words: string } | null = null
  /** Secrets that start before it belong to the context given in front of the channel. */
  origin = 0

  constructor(ruleset: Ruleset, view: View, threshold: number) {
    this.#ruleset = ruleset
    this.#view = view
    this.#threshold = threshold
  }

  get hasTails(): boolean {
    return this.#tails.length > 0
  }

  /** Adds the matches of one probe: leftmost first, not overlapping. After a refused match the search goes on behind its start. */
  search(number: number, segment: Segment, found: Found[]): void {
    const probe = this.#ruleset.probes[number]
    // A secret lies inside its segment, because nothing was held in front of it.
    if (probe === undefined || probe.shortest > segment.end - segment.start) return
    if (probe.rule.score < this.#threshold && !this.#mayHaveContext(probe.rule, segment)) return
    const { text, base } = this.#view
    const region = {
      text,
      to: segment.end - base,
      atStart: base === 0,
      final: segment.final,
      startsBefore: segment.limit - base,
    }
    let from = Math.max(this.#resume.get(number) ?? 0, segment.start - probe.before, base)
    let resume: number | null = null
    while (from < segment.end) {
      const match = probe.search.find({ ...region, from: from - base })
      if (match === null) return
      const head = this.#judge(probe, match)
      if (head === null) {
        // The text behind may still hold the match that this one stood in for.
        if (match.open) resume ??= match.start + base
        from = match.start + base + 1
      } else {
        const hit = this.#swallow(head, probe, number, segment.end)
        found.push(hit)
        from = hit.tail === null ? Math.max(hit.end, match.end + base) : Infinity
        resume = null
      }
      this.#resume.set(number, resume ?? from)
    }
  }

  /** A rule that is not sure enough by itself needs one of its words shortly before the secret. */
  #mayHaveContext({ context }: Rule, segment: Segment): boolean {
    if (this.#nearby?.segment !== segment) {
      const { base } = this.#view
      const from = Math.max(base, segment.start - CONTEXT_UNITS)
      const words = wordsOf(this.#view.slice(from, segment.end))
      this.#nearby = { segment, words: ` ${words.join(' ')} ` }
    }
    const { words } = this.#nearby
    return context.some((word) => words.includes(word))
  }

  #judge(probe: Probe, match: Match): Found | null {
    const { rule } = probe
    const { base } = this.#view
    const start = match.secretStart + base
    if (start < this.origin) return null
    const end = match.secretEnd + base
    const value = this.#view.slice(start, end)
    if (!probe.cut && !rule.validate.every((validate) => validate(value))) return null
    const before = this.#view.slice(Math.max(base, start - CONTEXT_UNITS), start)
    if (rule.unless.length > 0 && followsWord(rule.unless, before)) return null
    const score = scoreInContext(rule.score, rule.context, before)
    if (score < this.#threshold) return null
    const spelling = probe.cut ? 'cut-off' : 'plain'
    return { rule: rule.id, entity: rule.entity, start, end, score, spelling, value, tail: null }
  }

  /** Follows the tail through what is already there; leaves it open when it reaches the end. */
  #swallow(head: Found, probe: Probe, number: number, end: number): Found {
    const rule: Rule = probe.rule
    if (rule.tail === null || probe.cut) return head
    const tail = new SwallowedTail(rule.tail, probe.until, head)
    const { text, base } = this.#view
    for (let at = head.end; at < end; at += 1) {
      if (!tail.take(text.charCodeAt(at - base)))
        return { ...head, end: tail.end, value: tail.value }
    }
    const found: Found = { ...head, end, tail }
    this.#tails = [...this.#tails, { found, tail, probe: number }]
    return found
  }

  /** Gives the next unit to open tails; returns those that it ended. */
  extendTails(unit: number): readonly Found[] {
    const closed = this.#tails.filter(({ tail }) => !tail.take(unit))
    if (closed.length === 0) return []
    this.#tails = this.#tails.filter((open) => !closed.includes(open))
    return closed.map((open) => this.#closed(open))
  }

  /** The text is over: every tail ends. */
  endTails(): readonly Found[] {
    const closed = this.#tails
    this.#tails = []
    return closed.map((open) => this.#closed(open))
  }

  /** The context in front of the channel leaves nothing open. */
  forgetTails(): void {
    this.#tails = []
    this.#resume.clear()
  }

  #closed({ found, tail, probe }: OpenTail): Found {
    this.#resume.set(probe, tail.end)
    return { ...found, end: tail.end, value: tail.value }
  }
}

/** True when `one` lies inside `other` and is less sure; `first` decides between equals. */
export function covers(other: Found, one: Found, first: boolean): boolean {
  const otherEnd = other.tail === null ? other.end : Infinity
  const oneEnd = one.tail === null ? one.end : Infinity
  if (other.start > one.start || otherEnd < oneEnd) return false
  if (other.score !== one.score) return other.score > one.score
  const wider = other.start < one.start || otherEnd > oneEnd
  return wider || first
}
