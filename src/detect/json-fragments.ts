/** Masks JSON that arrives in pieces: rules see decoded strings, the caller gets JSON in the spelling it came in. */
import { eitherMatcher } from './either-matcher.ts'
import type { Finding, Mask, Uninspected } from './finding.ts'
import { escapeJson, JsonStringSpelling } from './json-string.ts'
import { JsonStructure } from './json-structure.ts'
import { createMatcher, scanText } from './matcher.ts'
import type { Matcher, MatcherOptions, Step } from './matcher.ts'
import { createFieldMatcher } from './field-matcher.ts'
import type { Ruleset } from './ruleset.ts'

export interface JsonOptions extends Omit<MatcherOptions, 'before'> {
  /** What becomes of a bare number that must be masked: its type changes, it becomes 0, or the channel is blocked. */
  readonly numbers: 'string' | 'zero' | 'block'
  /** Masks inside keys, too. Keys usually belong to a schema. */
  readonly maskKeys: boolean
  /** Names, in lower case without `_`, `-` and spaces, whose values are masked whole. */
  readonly secretKeys: ReadonlySet<string>
}

/** Offsets in steps count in the JSON text. Valid JSON in gives valid JSON out; other text degrades gracefully. */
export function createJsonMatcher(ruleset: Ruleset, options: JsonOptions): Matcher {
  return jsonMatcher(ruleset, options, NESTING_MAX)
}

function jsonMatcher(ruleset: Ruleset, options: JsonOptions, nesting: number): Matcher {
  const matcher = new JsonMatcher(ruleset, options, nesting)
  return { push: (text) => matcher.push(text), end: () => matcher.end() }
}

/** JSON inside a JSON string, inside a JSON string. */
const NESTING_MAX = 2
const KEY_CONTEXT_MAX = 64
const TOKEN_MAX = 64
const NUMBER_DIGITS_MIN = 7
const LITERAL = /^(?:true|false|null)?$/
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/

interface OpenString {
  /** `rest`: everything to the end, because it is no JSON. */
  readonly role: 'key' | 'value' | 'rest'
  readonly key: string
  readonly spelling: JsonStringSpelling
  /** Null until the first unit says whether the string holds JSON itself. */
  matcher: Matcher | null
  /** Units released by the matcher. */
  settled: number
  /** Decoded text that was not given to the matcher yet. */
  waiting: string
  /** Beginning of the decoded text, for keys. */
  text: string
}

class JsonMatcher {
  readonly #ruleset: Ruleset
  readonly #options: JsonOptions
  readonly #nesting: number
  readonly #structure = new JsonStructure()
  #string: OpenString | null = null
  /** A literal or number that is not complete. */
  #token = ''
  #settled = 0
  #emit = ''
  #masks: Mask[] = []
  #findings: Finding[] = []
  #uninspected: Uninspected[] = []
  #blocked = false
  #state: 'open' | 'working' | 'ended' = 'open'

  constructor(ruleset: Ruleset, options: JsonOptions, nesting: number) {
    this.#ruleset = ruleset
    this.#options = options
    this.#nesting = nesting
  }

  push(text: string): Step {
    this.#begin()
    for (let at = 0; at < text.length && !this.#blocked;) {
      at = this.#string === null ? this.#outside(text, at) : this.#inside(this.#string, text, at)
    }
    if (this.#string !== null) this.#feed(this.#string)
    return this.#finish('open')
  }

  end(): Step {
    this.#begin()
    if (this.#string === null) this.#endToken()
    if (this.#string !== null) this.#closeString(this.#string)
    return this.#finish('ended')
  }

  /** As in the text matcher: after an exception every later call refuses. */
  #begin(): void {
    if (this.#state !== 'open') throw new Error(`the JSON matcher is ${this.#state}`)
    this.#state = 'working'
  }

  #finish(state: 'open' | 'ended'): Step {
    const step: Step = {
      emit: this.#emit,
      masks: this.#masks,
      findings: this.#findings,
      settled: this.#settled,
      blocked: this.#blocked,
      uninspected: this.#uninspected,
    }
    this.#emit = ''
    this.#masks = []
    this.#findings = []
    this.#uninspected = []
    this.#state = state
    return step
  }

  #keep(raw: string): void {
    if (this.#blocked) return
    this.#emit += raw
    this.#settled += raw.length
  }

  #replace(raw: string, text: string): void {
    if (this.#blocked) return
    this.#masks.push({ start: this.#settled, end: this.#settled + raw.length, text })
    this.#emit += text
    this.#settled += raw.length
  }

  #outside(text: string, at: number): number {
    const char = text.charAt(at)
    if (!/[{}[\]:,"\s]/.test(char)) {
      this.#token += char
      if (this.#token.length > TOKEN_MAX) this.#turnPlain()
      return at + 1
    }
    this.#endToken()
    if (this.#string !== null || this.#blocked) return at
    this.#keep(char)
    if (char === '"')
      this.#string = this.#stringAt(
        this.#structure.expectsKey ? 'key' : 'value',
        this.#structure.key,
      )
    else this.#structure.take(char)
    return at + 1
  }

  #endToken(): void {
    const token = this.#token
    if (LITERAL.test(token)) this.#keep(token)
    else if (NUMBER.test(token)) this.#numberValue(token)
    else {
      this.#turnPlain()
      return
    }
    this.#token = ''
  }

  /** What is no JSON is masked as text, from the token on that showed it to the end. */
  #turnPlain(): void {
    const string = this.#stringAt('rest', '')
    string.matcher = this.#textMatcher('')
    string.waiting = string.spelling.plain(this.#token)
    this.#token = ''
    this.#string = string
  }

  #numberValue(raw: string): void {
    if (raw.replaceAll(/\D/g, '').length < NUMBER_DIGITS_MIN) {
      this.#keep(raw)
      return
    }
    const step = scanText(this.#ruleset, raw, { ...this.#options, before: this.#context('') })
    const start = this.#settled
    const moved = step.findings.map((one) => ({
      ...one,
      start: start + one.start,
      end: start + one.end,
    }))
    this.#findings.push(...moved)
    if (step.masks.length === 0 && !step.blocked) this.#keep(raw)
    else if (step.blocked || this.#options.numbers === 'block') this.#blocked = true
    else this.#replace(raw, this.#options.numbers === 'zero' ? '0' : JSON.stringify(step.emit))
  }

  #context(quote: string): string {
    const { key } = this.#structure
    return key === '' ? '' : `"${key.slice(-KEY_CONTEXT_MAX)}": ${quote}`
  }

  #stringAt(role: OpenString['role'], key: string): OpenString {
    const spelling = new JsonStringSpelling(this.#settled)
    return { role, key, spelling, matcher: null, settled: 0, waiting: '', text: '' }
  }

  #inside(string: OpenString, text: string, at: number): number {
    const { spelling } = string
    const char = text.charAt(at)
    if (string.role === 'rest') {
      string.waiting += spelling.plain(text.slice(at))
      return text.length
    }
    if (spelling.inEscape || char === '\\') {
      string.waiting += spelling.escaped(char)
      return at + 1
    }
    if (char === '"') {
      this.#closeString(string)
      this.#keep(char)
      return at + 1
    }
    let end = at + 1
    while (end < text.length && text.charCodeAt(end) !== 0x22 && text.charCodeAt(end) !== 0x5c)
      end += 1
    string.waiting += spelling.plain(text.slice(at, end))
    return end
  }

  /** Hands what was decoded to the matcher of this string. */
  #feed(string: OpenString): void {
    const { waiting } = string
    if (waiting === '') return
    string.waiting = ''
    if (string.role === 'key' && string.text.length < KEY_CONTEXT_MAX) string.text += waiting
    string.matcher ??= this.#matcherFor(string, waiting)
    this.#absorb(string, string.matcher.push(waiting))
  }

  #matcherFor(string: OpenString, first: string): Matcher {
    if (string.role === 'key') return this.#options.maskKeys ? this.#textMatcher('') : passThrough()
    const name = string.key.toLowerCase().replaceAll(/[_\s-]/g, '')
    if (this.#options.secretKeys.has(name)) return createFieldMatcher(this.#options)
    const context = this.#context('"')
    if (this.#nesting === 0 || !/^\s*(?:[{[]|$)/.test(first)) return this.#textMatcher(context)
    return eitherMatcher(
      () => this.#textMatcher(context),
      () => jsonMatcher(this.#ruleset, this.#options, this.#nesting - 1),
    )
  }

  #textMatcher(before: string): Matcher {
    return createMatcher(this.#ruleset, { ...this.#options, before })
  }

  #closeString(string: OpenString): void {
    string.waiting += string.spelling.flush()
    this.#feed(string)
    if (string.matcher !== null) this.#absorb(string, string.matcher.end())
    if (string.role === 'key') this.#structure.sawKey(string.text)
    this.#string = null
  }

  /** Carries out on the spelling what the matcher decided on the decoded text. */
  #absorb(string: OpenString, step: Step): void {
    const { spelling } = string
    for (const mask of step.masks) {
      this.#keep(spelling.take(mask.start - string.settled))
      const shown = string.role === 'rest' ? mask.text : escapeJson(mask.text)
      this.#replace(spelling.take(mask.end - mask.start), shown)
      string.settled = mask.end
    }
    this.#keep(spelling.take(step.settled - string.settled))
    string.settled = step.settled
    const inJson = <T extends { readonly start: number; readonly end: number }>(one: T): T => ({
      ...one,
      start: spelling.rawOffset(one.start),
      end: spelling.rawOffset(one.end),
    })
    this.#findings.push(...step.findings.map(inJson))
    this.#uninspected.push(...step.uninspected.map(inJson))
    if (step.blocked) this.#blocked = true
  }
}

/** Lets everything through. */
export function passThrough(): Matcher {
  let settled = 0
  const step = (emit: string): Step => {
    settled += emit.length
    return { emit, masks: [], findings: [], settled, blocked: false, uninspected: [] }
  }
  return { push: step, end: () => step('') }
}
