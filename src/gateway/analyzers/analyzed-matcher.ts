/** A matcher whose text leaves sentence by sentence, when analyzers have said what is in it. */
import type { Finding, Mask, Uninspected } from '../../detect/finding.ts'
import type { AnalyzerPlan } from '../../detect/masking-plan.ts'
import type { Matcher, Step } from '../../detect/matcher.ts'
import { fail } from '../../model/errors.ts'
import type { TextAnalysis } from './analyzer.ts'
import { shownForm, withAnalysis } from './analyzed-text.ts'
import type { AnalysisSettings, AnalyzedText, MaskedText } from './analyzed-text.ts'
import type { AnalyzerDesk } from './analyzer-desk.ts'
import { createTextShift } from '../masking/text-shift.ts'
import { maskedText } from '../masking/json-edits.ts'
import { sentenceEnd } from './sentences.ts'

export interface AnalyzedMatcher extends Matcher {
  /** No more text comes: resolves when all of it is analyzed. Null when nothing is open. Call it before `end`. */
  readonly complete: () => Promise<void> | null
}

export interface Analysts {
  readonly desk: AnalyzerDesk
  readonly plans: readonly AnalyzerPlan[]
  readonly settings: AnalysisSettings
}

/** Offsets of `text` count from `at` in the channel's text. */
interface Sentence {
  readonly at: number
  readonly text: MaskedText
  analyzed: AnalyzedText | null
}

/** How a text is given to analyzers and what they say of it is carried out. */
export type Analyze = (texts: readonly MaskedText[]) => Promise<readonly AnalyzedText[]>

export function analyzedMatcher(inner: Matcher, analyze: Analyze): AnalyzedMatcher {
  return new SentenceMatcher(inner, analyze, sentenceEnd)
}

/** Holds all of it: a document is analyzed when it is whole. */
export function wholeMatcher(inner: Matcher, analyze: Analyze): AnalyzedMatcher {
  return new SentenceMatcher(inner, analyze, () => null)
}

export function textsBy({ desk, plans, settings }: Analysts): Analyze {
  return async (texts) => {
    const analyses = await desk.analyze(plans, texts.map(shownForm))
    return texts.map((text, index) => withAnalysis(text, analyses[index] ?? NOTHING_SAID, settings))
  }
}

export const NOTHING_SAID: TextAnalysis = {
  spans: [],
  missing: { reason: 'analyzer-failed', late: 'block' },
}

class SentenceMatcher implements AnalyzedMatcher {
  readonly #inner: Matcher
  readonly #analyze: Analyze
  readonly #endOf: (shown: string) => number | null
  /** Text that came and was not given to a sentence; it begins at `#at`. */
  #raw = ''
  #at = 0
  /** How much of it the inner matcher is done with. */
  #settled = 0
  #masks: Mask[] = []
  #sentences: Sentence[] = []
  #running: Promise<void> | null = null
  #findings: Finding[] = []
  #uninspected: Uninspected[] = []
  #isBlocked = false
  #released = 0
  #isComplete = false

  constructor(inner: Matcher, analyze: Analyze, endOf: (shown: string) => number | null) {
    this.#inner = inner
    this.#analyze = analyze
    this.#endOf = endOf
  }

  push(text: string): Step {
    this.#raw += text
    this.#take(this.#inner.push(text))
    this.#cut()
    return this.#release()
  }

  complete(): Promise<void> | null {
    if (this.#isComplete) return this.#running
    this.#isComplete = true
    this.#take(this.#inner.end())
    this.#cut()
    const rest = this.#settled - this.#at
    if (rest > 0) this.#add(rest)
    return this.#drained()
  }

  end(): Step {
    // Nobody waited: what is not analyzed counts as not answered.
    if (this.complete() !== null) throw fail('policy.masking-failed', LATE)
    return this.#release()
  }

  async #everything(running: Promise<void>): Promise<void> {
    await running
    await this.#drained()
  }

  #drained(): Promise<void> | null {
    return this.#running === null ? null : this.#everything(this.#running)
  }

  #take(step: Step): void {
    this.#masks.push(...step.masks)
    this.#findings.push(...step.findings)
    this.#uninspected.push(...step.uninspected)
    this.#settled = step.settled
    this.#isBlocked ||= step.blocked
  }

  /** Gives whole sentences of what is settled to the analyzers. */
  #cut(): void {
    for (;;) {
      const length = this.#sentenceLength()
      if (length === null) return
      this.#add(length)
    }
  }

  #sentenceLength(): number | null {
    const raw = this.#raw.slice(0, this.#settled - this.#at)
    if (raw === '') return null
    const masks = this.#masks.map((mask) => moved(mask, -this.#at))
    const shift = createTextShift('unit')
    shift.receive(raw)
    shift.settle(masks, raw.length)
    const end = this.#endOf(maskedText(raw, masks))
    if (end === null) return null
    // Never inside of a mask.
    return shift.original(end, 'end')
  }

  #add(length: number): void {
    const to = this.#at + length
    const mine = this.#masks.filter((mask) => mask.start < to)
    this.#masks = this.#masks.filter((mask) => mask.start >= to)
    const raw = this.#raw.slice(0, length)
    const masks = mine.map((mask) => moved(mask, -this.#at))
    this.#sentences.push({ at: this.#at, text: { raw, masks }, analyzed: null })
    this.#raw = this.#raw.slice(length)
    this.#at = to
    this.#running ??= this.#started()
  }

  /** A fault is told to whoever waits for the end; before that nobody listens. */
  #started(): Promise<void> {
    const running = this.#run()
    running.catch(() => undefined)
    return running
  }

  /** One question at a time, about all sentences that are waiting. */
  async #run(): Promise<void> {
    for (;;) {
      const open = this.#sentences.filter(({ analyzed }) => analyzed === null)
      if (open.length === 0) break
      const analyzed = await this.#analyze(open.map(({ text }) => text))
      for (const [index, sentence] of open.entries()) sentence.analyzed = analyzed[index] ?? null
      if (open.some((sentence) => sentence.analyzed === null)) throw fail('policy.masking-failed')
    }
    this.#running = null
  }

  #release(): Step {
    let emit = ''
    const masks: Mask[] = []
    while (!this.#isBlocked) {
      const [first] = this.#sentences
      if (first === undefined || first.analyzed === null) break
      const { at, analyzed, text } = first
      if (analyzed.isUnanswered) throw fail('policy.masking-failed', LATE)
      this.#sentences.shift()
      this.#isBlocked = analyzed.isBlocked
      this.#findings.push(...analyzed.findings.map((one) => moved(one, at)))
      this.#uninspected.push(...analyzed.uninspected.map((one) => moved(one, at)))
      if (this.#isBlocked) break
      masks.push(...analyzed.masks.map((one) => moved(one, at)))
      emit += maskedText(text.raw, analyzed.masks)
      this.#released = at + text.raw.length
    }
    const step: Step = {
      emit,
      masks,
      findings: this.#findings,
      uninspected: this.#uninspected,
      settled: this.#released,
      blocked: this.#isBlocked,
    }
    this.#findings = []
    this.#uninspected = []
    return step
  }
}

const LATE = 'An analyzer did not answer in time.'

function moved<T extends { readonly start: number; readonly end: number }>(one: T, by: number): T {
  return { ...one, start: one.start + by, end: one.end + by }
}
