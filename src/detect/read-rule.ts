/** Reads one rule from plain data by hand-written checks; every problem is said in a sentence. */
import { lengthOf } from './pattern/node.ts'
import type { Node, Pattern } from './pattern/node.ts'
import { parsePattern } from './pattern/parse-pattern.ts'
import type { CharSet } from './pattern/char-set.ts'
import type { Rule, StreamClass, Tail, Validate } from './rule.ts'
import { RULE_LIMITS } from './rule.ts'
import { findValidator } from './validators/registry.ts'

export type Macros = ReadonlyMap<string, string>

export type ReadRule =
  | { readonly kind: 'rule'; readonly rule: Rule }
  | { readonly kind: 'problems'; readonly problems: readonly string[] }

const FIELDS = new Set([
  'id',
  'entity',
  'name',
  'pattern',
  'marker',
  'validators',
  'context',
  'unless',
  'score',
  'stream',
  'tail',
  'until',
  'examples',
])
const ID = /^[a-z0-9]+(?:-[a-z0-9]+)*$/
const ENTITY = /^[A-Z][A-Z0-9_]*$/

export function readRule(data: unknown, macros: Macros): ReadRule {
  if (!isRecord(data)) return { kind: 'problems', problems: ['a rule must be a mapping'] }
  return new RuleReader(data, macros).read()
}

class RuleReader {
  readonly #data: Readonly<Record<string, unknown>>
  readonly #macros: Macros
  readonly #problems: string[] = []

  constructor(data: Readonly<Record<string, unknown>>, macros: Macros) {
    this.#data = data
    this.#macros = macros
  }

  read(): ReadRule {
    for (const field of Object.keys(this.#data)) {
      if (!FIELDS.has(field)) this.#problems.push(`the field ${field} is not known`)
    }
    const pattern = this.#pattern('pattern', this.#data['pattern'])
    const stream = this.#stream()
    const rule: Rule = {
      id: this.#shaped('id', ID, 'lower-case words joined by -'),
      entity: this.#shaped('entity', ENTITY, 'upper-case words joined by _'),
      name: this.#text('name', ''),
      pattern: pattern ?? NOTHING,
      marker: this.#text('marker', '') || null,
      validate: this.#validators(),
      context: this.#texts(this.#data, 'context').map((word) => word.toLowerCase()),
      unless: this.#texts(this.#data, 'unless').map((word) => word.toLowerCase()),
      score: this.#score(),
      stream,
      tail: this.#tail(stream),
      positive: this.#examples('positive'),
      negative: this.#examples('negative'),
    }
    if (pattern !== null) this.#measure(pattern)
    if (this.#problems.length > 0) return { kind: 'problems', problems: this.#problems }
    return { kind: 'rule', rule }
  }

  #text(field: string, fallback: string): string {
    const value = this.#data[field] ?? fallback
    if (typeof value === 'string') return value.replaceAll('{{}}', '')
    this.#problems.push(`${field} must be text`)
    return fallback
  }

  #texts(from: Readonly<Record<string, unknown>>, field: string): readonly string[] {
    const value = from[field] ?? []
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
    this.#problems.push(`${field} must be a list of texts`)
    return []
  }

  #shaped(field: string, shape: RegExp, words: string): string {
    const value = this.#text(field, '')
    if (!shape.test(value)) this.#problems.push(`${field} must be ${words}`)
    return value
  }

  #pattern(field: string, source: unknown): Pattern | null {
    if (typeof source !== 'string' || source === '') {
      this.#problems.push(`${field} must be a pattern in RE2 syntax`)
      return null
    }
    const parsed = parsePattern(this.#expand(source))
    if (parsed.kind === 'pattern') return parsed.pattern
    this.#problems.push(`${field}: ${parsed.problem}`)
    return null
  }

  /** `{{name}}` and `{{name:argument}}` stand for a macro of the pack; `{{}}` for nothing. */
  #expand(source: string): string {
    return source.replaceAll(
      /\{\{(?:([a-z][a-z0-9-]*)(?::(.*?))?)?\}\}(?!\})/g,
      (_all, name, argument) => {
        if (typeof name !== 'string') return ''
        const body = this.#macros.get(name)
        if (body === undefined) this.#problems.push(`the macro ${name} is not defined in this pack`)
        return (body ?? '').replaceAll('$1', () => (typeof argument === 'string' ? argument : ''))
      },
    )
  }

  #score(): number {
    const value = this.#data['score']
    if (typeof value === 'number' && value > 0 && value <= 1) return value
    this.#problems.push('score must be a number above 0 and at most 1')
    return 0
  }

  #stream(): StreamClass {
    const value = this.#data['stream'] ?? 'inline'
    if (value === 'inline' || value === 'eager' || value === 'swallow') return value
    this.#problems.push('stream must be inline, eager or swallow')
    return 'inline'
  }

  #tail(stream: StreamClass): Tail | null {
    const { tail, until } = this.#data
    if (stream === 'inline') {
      if (tail !== undefined) this.#problems.push('an inline rule has no tail')
      return null
    }
    const set = charClass(this.#pattern('tail', tail))
    if (set === null) this.#problems.push('tail must be one character class, such as [A-Za-z0-9_-]')
    if (stream === 'eager' && until !== undefined) this.#problems.push('an eager rule has no until')
    const end = stream === 'swallow' ? this.#pattern('until', until) : null
    return { set: set ?? [], until: end }
  }

  #validators(): readonly Validate[] {
    return this.#texts(this.#data, 'validators').flatMap((name) => {
      const validate = findValidator(name)
      if (validate === null) this.#problems.push(`the validator ${name} is not known`)
      return validate ?? []
    })
  }

  #examples(field: 'positive' | 'negative'): readonly string[] {
    const { examples } = this.#data
    const found = isRecord(examples) ? this.#texts(examples, field) : []
    if (found.length === 0) this.#problems.push(`there is no ${field} example`)
    return found.map((example) => example.replaceAll('{{}}', ''))
  }

  #measure(pattern: Pattern): void {
    const before = lengthOf(pattern.before)
    const secret = lengthOf(pattern.secret)
    const after = lengthOf(pattern.after)
    const held = secret.max + after.max
    if (secret.min === 0) this.#problems.push('the secret can be empty')
    if (before.max > RULE_LIMITS.beforeMax) {
      this.#problems.push(
        `the context before the secret can be ${lengthWord(before.max)}; at most ${RULE_LIMITS.beforeMax} characters are looked at, so bound its repetitions`,
      )
    }
    if (held === Infinity) {
      this.#problems.push(
        'the secret is unbounded: give its repetitions an upper bound, or move the open end into stream: eager with a tail',
      )
    } else if (held > RULE_LIMITS.lengthMax) {
      this.#problems.push(
        `the secret can be ${lengthWord(held)}; at most ${RULE_LIMITS.lengthMax} may be held back`,
      )
    }
  }
}

const lengthWord = (length: number): string =>
  length === Infinity ? 'unbounded' : `${length} characters long`

const EMPTY: Node = { kind: 'empty' }
const NOTHING: Pattern = { before: EMPTY, secret: EMPTY, after: EMPTY }

function charClass(pattern: Pattern | null): CharSet | null {
  return pattern?.secret.kind === 'set' && pattern.before.kind === 'empty'
    ? pattern.secret.set
    : null
}

export function isRecord(data: unknown): data is Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null && !Array.isArray(data)
}
