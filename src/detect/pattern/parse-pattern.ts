/** Reads RE2 syntax into a tree; refuses what a linear-time engine cannot run, and says why. */
import { charSet, complement, DIGIT, foldCase, NEWLINE, SPACE, WORD } from './char-set.ts'
import type { CharSet } from './char-set.ts'
import type { Assertion, Node, Pattern } from './node.ts'

export type ParsedPattern =
  | { readonly kind: 'pattern'; readonly pattern: Pattern }
  | { readonly kind: 'problem'; readonly problem: string }

const SECRET = 'secret'
const REPEAT_MAX = 1000
const DEPTH_MAX = 50

class PatternProblem extends Error {}

interface Flags {
  readonly fold: boolean
  readonly multiline: boolean
  readonly dotAll: boolean
}

/** A group named `secret` is only known while parsing: it must end up on the top level. */
interface Secret {
  readonly kind: 'secret'
  readonly item: Node
}
type Draft = Node | Secret | { readonly kind: 'drafts'; readonly items: readonly Draft[] }

const POSIX: Readonly<Record<string, CharSet>> = {
  alnum: [
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x61, 0x7a],
  ],
  alpha: [
    [0x41, 0x5a],
    [0x61, 0x7a],
  ],
  digit: DIGIT,
  lower: [[0x61, 0x7a]],
  upper: [[0x41, 0x5a]],
  xdigit: [
    [0x30, 0x39],
    [0x41, 0x46],
    [0x61, 0x66],
  ],
  space: [
    [0x09, 0x0d],
    [0x20, 0x20],
  ],
  punct: [
    [0x21, 0x2f],
    [0x3a, 0x40],
    [0x5b, 0x60],
    [0x7b, 0x7e],
  ],
  word: WORD,
  print: [[0x20, 0x7e]],
  graph: [[0x21, 0x7e]],
}
const SHORTHAND: Readonly<Record<string, CharSet>> = {
  d: DIGIT,
  D: complement(DIGIT),
  w: WORD,
  W: complement(WORD),
  s: SPACE,
  S: complement(SPACE),
}
const CONTROL: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, f: 12, v: 11, a: 7 }
const ASSERTION: Readonly<Record<string, Assertion>> = {
  b: 'word',
  B: 'not-word',
  A: 'start',
  z: 'end',
}

/** The pattern may hold one group `(?P<secret>…)`, not inside a repetition or alternative; without it all is secret. */
export function parsePattern(source: string): ParsedPattern {
  try {
    const reader = new PatternReader(source)
    return { kind: 'pattern', pattern: reader.read() }
  } catch (error) {
    if (error instanceof PatternProblem) return { kind: 'problem', problem: error.message }
    throw error
  }
}

class PatternReader {
  readonly #source: string
  #at = 0
  #depth = 0
  #secrets = 0

  constructor(source: string) {
    this.#source = source
  }

  read(): Pattern {
    const tree = this.#alternatives({ fold: false, multiline: false, dotAll: false })
    if (this.#at < this.#source.length) throw this.#problem('unexpected )')
    if (this.#secrets === 0) {
      return { before: EMPTY, secret: this.#plain(tree), after: EMPTY }
    }
    const items = tree.kind === 'drafts' ? tree.items : [tree]
    const at = items.findIndex((item) => item.kind === 'secret')
    const found = items[at]
    if (found?.kind !== 'secret') throw this.#problem(MISPLACED)
    const part = (drafts: readonly Draft[]): Node => ({
      kind: 'cat',
      items: drafts.map((draft) => this.#plain(draft)),
    })
    return {
      before: part(items.slice(0, at)),
      secret: found.item,
      after: part(items.slice(at + 1)),
    }
  }

  #problem(text: string): PatternProblem {
    return new PatternProblem(`${text} (at character ${this.#at + 1})`)
  }

  /** The draft as a node, when no secret group is left inside. */
  #plain(draft: Draft): Node {
    if (draft.kind === 'secret' || draft.kind === 'drafts') throw this.#problem(MISPLACED)
    return draft
  }

  #peek(text: string): boolean {
    return this.#source.startsWith(text, this.#at)
  }

  #take(text: string): boolean {
    if (!this.#peek(text)) return false
    this.#at += text.length
    return true
  }

  #alternatives(flags: Flags): Draft {
    const items = [this.#sequence(flags)]
    while (this.#take('|')) items.push(this.#sequence(flags))
    const [only] = items
    if (items.length === 1 && only !== undefined) return only
    return { kind: 'alt', items: items.map((item) => this.#plain(item)) }
  }

  #sequence(outer: Flags): Draft {
    let flags = outer
    const items: Draft[] = []
    while (this.#at < this.#source.length && !this.#peek('|') && !this.#peek(')')) {
      const changed = this.#flagSwitch(flags)
      if (changed !== null) flags = changed
      else items.push(this.#quantified(this.#atom(flags)))
    }
    const [only] = items
    if (items.length === 1 && only !== undefined) return only
    const nodes = items.filter((item) => item.kind !== 'secret' && item.kind !== 'drafts')
    return nodes.length === items.length ? { kind: 'cat', items: nodes } : { kind: 'drafts', items }
  }

  /** `(?i)` in the middle of a sequence changes the flags for the rest of it. */
  #flagSwitch(flags: Flags): Flags | null {
    const found = /^\(\?([imsU]*)(?:-([imsU]+))?\)/.exec(
      this.#source.slice(this.#at, this.#at + 16),
    )
    if (found === null) return null
    this.#at += found[0].length
    return this.#withFlags(flags, found[1] ?? '', found[2] ?? '')
  }

  #withFlags(flags: Flags, on: string, off: string): Flags {
    if (`${on}${off}`.includes('U'))
      throw this.#problem('the flag U (swap greediness) is not supported')
    const value = (letter: string, before: boolean): boolean =>
      off.includes(letter) ? false : on.includes(letter) || before
    return {
      fold: value('i', flags.fold),
      multiline: value('m', flags.multiline),
      dotAll: value('s', flags.dotAll),
    }
  }

  #atom(flags: Flags): Draft {
    const char = this.#source.charAt(this.#at)
    this.#at += 1
    switch (char) {
      case '(':
        return this.#group(flags)
      case '[':
        return { kind: 'set', set: this.#brackets(flags) }
      case '.':
        return { kind: 'set', set: flags.dotAll ? complement([]) : complement(NEWLINE) }
      case '^':
        return { kind: 'assert', at: flags.multiline ? 'line-start' : 'start' }
      case '$':
        return { kind: 'assert', at: flags.multiline ? 'line-end' : 'end' }
      case '*':
      case '+':
      case '?':
        throw this.#problem(`nothing before ${char} to repeat`)
      case '\\':
        return this.#escape(flags)
      default:
        return literal(char, flags)
    }
  }

  #group(flags: Flags): Draft {
    this.#depth += 1
    if (this.#depth > DEPTH_MAX) throw this.#problem('groups are nested too deeply')
    let inner = flags
    let secret = false
    if (this.#take('?')) {
      const named = /^P?<([A-Za-z_]\w*)>/.exec(this.#source.slice(this.#at))
      const flagged = /^([imsU]*)(?:-([imsU]+))?:/.exec(this.#source.slice(this.#at))
      if (this.#peek('=') || this.#peek('!') || this.#peek('<=') || this.#peek('<!')) {
        throw this.#problem(
          'look-around cannot be matched in linear time; write the context as part of the pattern, around (?P<secret>…)',
        )
      }
      if (this.#peek('>')) throw this.#problem('atomic groups are not RE2 syntax')
      if (this.#peek('P=')) throw this.#problem(BACK_REFERENCE)
      if (named !== null) {
        if (named[1] !== SECRET)
          throw this.#problem(`the only group name is secret, found ${named[1]}`)
        secret = true
        this.#secrets += 1
        if (this.#secrets > 1) throw this.#problem('there is more than one secret group')
        this.#at += named[0].length
      } else if (flagged !== null) {
        inner = this.#withFlags(flags, flagged[1] ?? '', flagged[2] ?? '')
        this.#at += flagged[0].length
      } else throw this.#problem('unknown group syntax')
    }
    const item = this.#alternatives(inner)
    if (!this.#take(')')) throw this.#problem('a group is not closed')
    this.#depth -= 1
    return secret ? { kind: 'secret', item: this.#plain(item) } : item
  }

  #quantified(item: Draft): Draft {
    let node = item
    for (let first = true; ; first = false) {
      const range = this.#range()
      if (range === null) return node
      if (!first) throw this.#problem('a repetition is repeated; put it in a group')
      if (this.#peek('+')) throw this.#problem('possessive repetition is not RE2 syntax')
      const greedy = !this.#take('?')
      node = { kind: 'repeat', item: this.#plain(node), ...range, greedy }
    }
  }

  #range(): { readonly min: number; readonly max: number } | null {
    if (this.#take('*')) return { min: 0, max: Infinity }
    if (this.#take('+')) return { min: 1, max: Infinity }
    if (this.#take('?')) return { min: 0, max: 1 }
    const found = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#source.slice(this.#at, this.#at + 16))
    if (found === null) return null
    const min = Number(found[1])
    const max = found[2] === undefined ? min : found[3] === '' ? Infinity : Number(found[3])
    if (min > REPEAT_MAX || (max !== Infinity && max > REPEAT_MAX)) {
      throw this.#problem(`a repetition count is above ${REPEAT_MAX}`)
    }
    if (max < min) throw this.#problem('a repetition has its bounds the wrong way round')
    this.#at += found[0].length
    return { min, max }
  }

  #escape(flags: Flags): Node {
    const char = this.#source.charAt(this.#at)
    if (/[1-9k]/.test(char)) throw this.#problem(BACK_REFERENCE)
    const assertion = ASSERTION[char]
    if (assertion !== undefined) {
      this.#at += 1
      return { kind: 'assert', at: assertion }
    }
    const set = this.#escapedSet()
    return { kind: 'set', set: flags.fold ? foldCase(set) : set }
  }

  #escapedSet(): CharSet {
    const char = this.#source.charAt(this.#at)
    this.#at += 1
    const shorthand = SHORTHAND[char]
    if (shorthand !== undefined) return shorthand
    const control = CONTROL[char]
    if (control !== undefined) return [[control, control]]
    if (char === 'x') {
      const found = /^(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,4})\})/.exec(
        this.#source.slice(this.#at, this.#at + 8),
      )
      if (found === null) throw this.#problem('\\x needs two hex digits or {…} with at most four')
      this.#at += found[0].length
      const unit = Number.parseInt(found[1] ?? found[2] ?? '', 16)
      return [[unit, unit]]
    }
    if (char === '' || /[A-Za-z0-9]/.test(char))
      throw this.#problem(`the escape \\${char} is not supported`)
    return [[char.charCodeAt(0), char.charCodeAt(0)]]
  }

  #brackets(flags: Flags): CharSet {
    const negated = this.#take('^')
    const ranges: (readonly [number, number])[] = []
    for (let first = true; first || !this.#peek(']'); first = false) {
      if (this.#at >= this.#source.length) throw this.#problem('a character class is not closed')
      const posix = /^\[:(\^?)(\w+):\]/.exec(this.#source.slice(this.#at, this.#at + 14))
      if (posix !== null) {
        const set = POSIX[posix[2] ?? '']
        if (set === undefined) throw this.#problem(`the class ${posix[0]} is not known`)
        this.#at += posix[0].length
        ranges.push(...(posix[1] === '^' ? complement(set) : set))
        continue
      }
      ranges.push(...this.#bracketRange())
    }
    this.#at += 1
    const set = flags.fold ? foldCase(charSet(ranges)) : charSet(ranges)
    return negated ? complement(set) : set
  }

  #bracketRange(): CharSet {
    const low = this.#bracketUnit()
    const [first] = low
    if (low.length !== 1 || first === undefined || first[0] !== first[1]) return low
    if (!this.#peek('-') || this.#source.charAt(this.#at + 1) === ']') return low
    this.#at += 1
    const [high] = this.#bracketUnit()
    if (high === undefined || high[0] !== high[1] || high[0] < first[0]) {
      throw this.#problem('a range in a character class is the wrong way round')
    }
    return [[first[0], high[0]]]
  }

  #bracketUnit(): CharSet {
    const unit = this.#source.charCodeAt(this.#at)
    this.#at += 1
    return unit === 0x5c ? this.#escapedSet() : [[unit, unit]]
  }
}

const EMPTY: Node = { kind: 'empty' }
const MISPLACED =
  'the secret group must not be inside another group, an alternative or a repetition'
const BACK_REFERENCE = 'back-references cannot be matched in linear time'

function literal(char: string, flags: Flags): Node {
  const unit = char.charCodeAt(0)
  const set: CharSet = [[unit, unit]]
  return { kind: 'set', set: flags.fold ? foldCase(set) : set }
}
