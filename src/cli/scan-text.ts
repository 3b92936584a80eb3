/** Finds sensitive values in text that comes in pieces, with the line and column of each; the text is not kept. */
import { createHmac, randomBytes } from 'node:crypto'
import type { CompiledRules } from '../detect/compiled-rules.ts'
import type { Finding } from '../detect/finding.ts'
import { createJsonMatcher } from '../detect/json-fragments.ts'
import { createMatcher } from '../detect/matcher.ts'
import type { Matcher } from '../detect/matcher.ts'

export type ScanFormat = 'text' | 'json' | 'jsonl'

export interface ScanOptions {
  readonly rules: CompiledRules
  readonly threshold: number
  readonly format: ScanFormat
}

/** From 1; columns count UTF-16 units. */
export interface PlacedFinding {
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
  readonly rule: string
  readonly entity: string
  readonly score: number
  readonly spelling: string
}

export interface TextScan {
  readonly push: (text: string) => readonly PlacedFinding[]
  readonly end: () => readonly PlacedFinding[]
}

export function scanTextIn(options: ScanOptions): TextScan {
  return options.format === 'jsonl' ? scanLines(options) : scanWhole(options, 1)
}

function matcherFor({ rules, threshold, format }: ScanOptions): Matcher {
  const secret = randomBytes(32)
  const settings = {
    operators: { byEntity: new Map(), fallback: { kind: 'keep' as const } },
    // Fingerprints of one run only: they are not shown.
    keys: {
      digest: (_purpose: string, value: string) =>
        createHmac('sha256', secret).update(value).digest('hex'),
      encrypt: () => '',
      tokenFor: () => '',
    },
    threshold,
    encoded: true,
    terms: rules.terms,
    everyFinding: false,
  }
  return format === 'text'
    ? createMatcher(rules.ruleset, { ...settings, before: '' })
    : createJsonMatcher(rules.ruleset, {
        ...settings,
        numbers: 'string',
        maskKeys: true,
        secretKeys: new Set(),
      })
}

function scanWhole(options: ScanOptions, firstLine: number): TextScan {
  const matcher = matcherFor(options)
  const places = new LinePlaces(firstLine)
  const placed = (findings: readonly Finding[], settled: number): readonly PlacedFinding[] => {
    const out = findings
      .toSorted((a, b) => a.start - b.start)
      .map((finding) => places.place(finding))
    places.forget(settled)
    return out
  }
  return {
    push: (text) => {
      places.push(text)
      const { findings, settled } = matcher.push(text)
      return placed(findings, settled)
    },
    end: () => {
      const { findings, settled } = matcher.end()
      return placed(findings, settled)
    },
  }
}

/** Each line is a document of its own. */
function scanLines(options: ScanOptions): TextScan {
  let number = 1
  let line = scanWhole({ ...options, format: 'json' }, number)
  const ended = (): readonly PlacedFinding[] => {
    const found = line.end()
    number += 1
    line = scanWhole({ ...options, format: 'json' }, number)
    return found
  }
  return {
    push: (text) =>
      text
        .split('\n')
        .flatMap((part, index) => [...(index === 0 ? [] : ended()), ...line.push(part)]),
    end: () => line.end(),
  }
}

/** Findings come after the text they lie in, so line starts are kept only as far back as one may still begin. */
class LinePlaces {
  #starts: number[] = [0]
  #firstLine: number
  #length = 0

  constructor(firstLine: number) {
    this.#firstLine = firstLine
  }

  push(text: string): void {
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1))
      this.#starts.push(this.#length + at + 1)
    this.#length += text.length
  }

  place({ start, end, rule, entity, score, spelling }: Finding): PlacedFinding {
    const [line, column] = this.#at(start)
    const [endLine, endColumn] = this.#at(end)
    return { line, column, endLine, endColumn, rule, entity, score, spelling }
  }

  /** Nothing that is found later begins before `offset` less the longest open end of a secret. */
  forget(offset: number): void {
    const keep = this.#index(offset - BACK_MAX)
    if (keep < FORGET_MIN) return
    this.#starts = this.#starts.slice(keep)
    this.#firstLine += keep
  }

  #at(offset: number): readonly [line: number, column: number] {
    const index = this.#index(offset)
    return [this.#firstLine + index, offset - (this.#starts[index] ?? 0) + 1]
  }

  #index(offset: number): number {
    let low = 0
    let high = this.#starts.length
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if ((this.#starts[middle] ?? 0) <= offset) low = middle
      else high = middle
    }
    return low
  }
}

/** A swallowed block (a private key) is reported at its end. */
const BACK_MAX = 1024 * 1024
const FORGET_MIN = 4096
