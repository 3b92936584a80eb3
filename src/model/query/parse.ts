/** Reads the text of a query: `field:value`, and, or, not, brackets. Total: what cannot be read is a problem with its place. */
import { didYouMean } from '../../lib/did-you-mean.ts'
import { FIELD_NAMES, fieldOf, isFieldName } from './fields.ts'
import type { FieldName } from './fields.ts'
import type { QueryNode, QueryProblem, Reading } from './node.ts'
import { readItem } from './read-item.ts'

export const QUERY_CHARS_MAX = 4_000
/** Threat: a query nested without end is a stack without end. */
const DEPTH_MAX = 20
const TERMS_MAX = 200

const SPACE = /\s*/uy
const NAME = /[\p{L}\p{N}_][\p{L}\p{N}_-]*:/uy
const WORD = /[^\s()]+/uy
const KEYWORD = /(and|or|not)(?=[\s()]|$)/iuy

/** Thrown and caught in this file alone. */
class Unreadable extends Error {
  readonly problem: QueryProblem

  constructor(problem: QueryProblem) {
    super(problem.message)
    this.problem = problem
  }
}

export function parseQuery(text: string): Reading {
  if (text.length > QUERY_CHARS_MAX) {
    const message = `A query has at most ${QUERY_CHARS_MAX} characters.`
    return {
      kind: 'problem',
      problem: { at: QUERY_CHARS_MAX, end: text.length, message, hint: '' },
    }
  }
  try {
    return { kind: 'query', node: new Parser(text).whole() }
  } catch (error) {
    if (error instanceof Unreadable) return { kind: 'problem', problem: error.problem }
    throw error
  }
}

class Parser {
  readonly #text: string
  #at = 0
  #depth = 0
  #terms = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): QueryNode | null {
    this.#skip()
    if (this.#isAtEnd()) return null
    const node = this.#alternatives()
    if (this.#text[this.#at] === ')') {
      throw this.#problem(this.#at, this.#at + 1, 'This bracket closes nothing.', 'Take it out.')
    }
    return node
  }

  #alternatives(): QueryNode {
    const of = [this.#conjunction()]
    while (this.#keyword('or')) of.push(this.#conjunction())
    const [only] = of
    return of.length === 1 && only !== undefined ? only : { kind: 'or', of }
  }

  #conjunction(): QueryNode {
    const of = [this.#unary()]
    while (this.#keyword('and') || this.#startsMore()) of.push(this.#unary())
    const [only] = of
    return of.length === 1 && only !== undefined ? only : { kind: 'and', of }
  }

  #startsMore(): boolean {
    return !this.#isAtEnd() && this.#text[this.#at] !== ')' && !this.#isNext('or')
  }

  #unary(): QueryNode {
    this.#depth += 1
    const start = this.#at
    if (this.#depth > DEPTH_MAX) {
      throw this.#problem(start, start + 1, `More than ${DEPTH_MAX} brackets in one another.`, '')
    }
    const node = this.#negated() ?? this.#primary()
    this.#depth -= 1
    return node
  }

  #negated(): QueryNode | null {
    const start = this.#at
    if (this.#text[start] === '-') {
      this.#at += 1
      if (/[\s-]/u.test(this.#text[this.#at] ?? ' ')) {
        throw this.#problem(start, start + 1, 'A minus stands right before what must not be.', '')
      }
    } else if (!this.#keyword('not')) return null
    const of = this.#unary()
    if (of.kind === 'term' && fieldOf(of.field).takes === 'one') {
      const hint = 'Use time:… or duration:… with < and >.'
      throw this.#problem(start, this.#at, `“${of.field}” cannot be turned round.`, hint)
    }
    return { kind: 'not', of }
  }

  #primary(): QueryNode {
    const start = this.#at
    if (this.#isAtEnd()) {
      throw this.#problem(start, start, 'Something must follow here.', 'Add field:value.')
    }
    if (this.#text[start] !== '(') return this.#term()
    this.#at += 1
    this.#skip()
    if (this.#text[this.#at] === ')') {
      throw this.#problem(start, this.#at + 1, 'There is nothing between the brackets.', '')
    }
    const inner = this.#alternatives()
    if (this.#text[this.#at] !== ')') {
      throw this.#problem(start, start + 1, 'This bracket is not closed.', 'Add a ) behind it.')
    }
    this.#at += 1
    this.#skip()
    return inner
  }

  #term(): QueryNode {
    const start = this.#at
    const name = this.#match(NAME)
    if (name === null) throw this.#noTerm(start)
    const written = name.slice(0, -1).toLowerCase()
    if (!isFieldName(written)) {
      const meant = didYouMean(written, FIELD_NAMES)
      throw this.#problem(
        start,
        this.#at,
        `There is no field “${written}”.`,
        meant === null ? `Fields: ${FIELD_NAMES.join(', ')}.` : `Did you mean ${meant}: ?`,
      )
    }
    this.#terms += 1
    if (this.#terms > TERMS_MAX) {
      throw this.#problem(start, this.#at, `A query has at most ${TERMS_MAX} terms.`, '')
    }
    const term = this.#items(written, start)
    this.#skip()
    return term
  }

  #items(field: FieldName, start: number): QueryNode {
    const items = []
    do {
      const found = readItem(this.#text, this.#at, field)
      if (found.kind === 'problem') {
        throw new Unreadable({ ...found, at: Math.max(start, found.at) })
      }
      items.push(found.item)
      this.#at = found.end
    } while (this.#take(','))
    if (items.length > 1 && fieldOf(field).takes === 'one') {
      throw this.#problem(start, this.#at, `“${field}” takes one value.`, '')
    }
    return { kind: 'term', field, items }
  }

  #noTerm(start: number): Unreadable {
    const word = this.#match(WORD) ?? this.#text[start] ?? ''
    const end = Math.max(this.#at, start + 1)
    if (/^(?:and|or|not)$/iu.test(word)) {
      return this.#problem(start, end, `“${word}” joins nothing here.`, 'Add a term before it.')
    }
    return this.#problem(
      start,
      end,
      'This is no term.',
      'Write it as field:value, for example model:gpt-5*.',
    )
  }

  #keyword(word: 'and' | 'or' | 'not'): boolean {
    if (!this.#isNext(word)) return false
    this.#at += word.length
    this.#skip()
    return true
  }

  #isNext(word: string): boolean {
    KEYWORD.lastIndex = this.#at
    return KEYWORD.exec(this.#text)?.[1]?.toLowerCase() === word
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at += 1
    return true
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0] ?? null
    if (found !== null) this.#at += found.length
    return found
  }

  #skip(): void {
    this.#match(SPACE)
  }

  #isAtEnd(): boolean {
    return this.#at >= this.#text.length
  }

  #problem(at: number, end: number, message: string, hint: string): Unreadable {
    return new Unreadable({ at, end, message, hint })
  }
}
