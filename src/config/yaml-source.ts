/** Reads YAML strictly into plain values, and says where in the text each value was written. */
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml'
import type { Document, Node } from 'yaml'

/** More than any configuration needs; keeps hostile files cheap. */
const CONFIG_CHARS_MAX = 262_144

export interface Place {
  /** From 1. */
  readonly line: number
  readonly column: number
}

export interface TextProblem extends Place {
  readonly message: string
  readonly hint: string
}

export type YamlReading =
  | ({ readonly kind: 'read' } & YamlValue)
  | {
      readonly kind: 'problems'
      readonly problems: readonly TextProblem[]
      /** What the text says where only keys are written twice: refused, but all that is wrong with it can be told. */
      readonly value: YamlValue | null
    }

export interface YamlValue {
  readonly value: unknown
  readonly locate: Locate
}

/** Where the value at `path` was written, or its key; null when neither it nor a parent is in the text. */
export type Locate = (path: readonly PropertyKey[], part: 'key' | 'value') => Place | null

const TWICE = 'the same key is written twice'

/** Own words for the parser's codes: its messages may quote the text, which may be a secret. */
const WORDS: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  DUPLICATE_KEY: [TWICE, 'Keep one of them.'],
  TAB_AS_INDENT: ['a tab is used as indentation', 'Indent with spaces.'],
  BAD_ALIAS: ['anchors and aliases are not accepted', 'Write the value out.'],
  MULTIPLE_DOCS: ['there is more than one document', 'Remove the --- line and what follows.'],
  TAG_RESOLVE_FAILED: ['tags are not accepted', 'Remove the word that begins with !.'],
  MULTILINE_IMPLICIT_KEY: [
    'a key spans several lines',
    'Check the line before: a colon or a quote is missing.',
  ],
  MISSING_CHAR: ['a character is missing', 'Check quotes, brackets and the space after a colon.'],
  BAD_KEY: ['this cannot be a key', 'Keys are plain words.'],
  BAD_INDENT: [
    'the indentation does not fit, or a bracket is open',
    'Indent the lines of one level by the same number of spaces.',
  ],
}

export function readYaml(text: string, charsMax = CONFIG_CHARS_MAX): YamlReading {
  if (text.length > charsMax) {
    return one(
      { line: 1, column: 1 },
      'the file is too large',
      `It may have at most ${charsMax / 1024} KiB.`,
    )
  }
  const lines = new LineCounter()
  const document = compose(text, lines)
  if (document === null) {
    return one(
      { line: 1, column: 1 },
      'the nesting is too deep',
      'Remove brackets that are not needed.',
    )
  }
  const problems = [...syntaxProblems(document, lines), ...refusedNodes(document, lines)]
  if (problems.some(({ message }) => message !== TWICE))
    return { kind: 'problems', problems, value: null }
  const value: unknown = document.toJS({ maxAliasCount: 0 })
  const read = { value: value ?? {}, locate: locator(document, lines) }
  return problems.length === 0
    ? { kind: 'read', ...read }
    : { kind: 'problems', problems, value: read }
}

/** Null when brackets are nested so deep that the recursive composer runs out of stack. */
function compose(text: string, lines: LineCounter): Document | null {
  try {
    return parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      strict: true,
      uniqueKeys: true,
    })
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

function one(place: Place, message: string, hint: string): YamlReading {
  return { kind: 'problems', problems: [{ ...place, message, hint }], value: null }
}

function syntaxProblems(document: Document, lines: LineCounter): readonly TextProblem[] {
  return [...document.errors, ...document.warnings].map((error) => {
    const [message, hint] = WORDS[error.code] ?? [
      'this is not well-formed YAML',
      'Check indentation, quotes and colons around this place.',
    ]
    return { ...place(lines, error.pos[0]), message, hint }
  })
}

function refusedNodes(document: Document, lines: LineCounter): readonly TextProblem[] {
  const problems: TextProblem[] = []
  const refuse = (node: Node, code: string): void => {
    const [message, hint] = WORDS[code] ?? ['', '']
    problems.push({ ...place(lines, node.range?.[0] ?? 0), message, hint })
  }
  visit(document, {
    Pair: (_key, pair) => {
      // Schema libraries and object literals treat this name specially; nothing here is called so.
      if (isScalar(pair.key) && pair.key.value === '__proto__') refuse(pair.key, 'BAD_KEY')
      if (!isScalar(pair.key) && isNode(pair.key)) refuse(pair.key, 'BAD_KEY')
    },
    Alias: (_key, node) => {
      refuse(node, 'BAD_ALIAS')
    },
    Value: (_key, node) => {
      if (node.anchor !== undefined) refuse(node, 'BAD_ALIAS')
      if (node.tag !== undefined && node.tag.startsWith('!')) refuse(node, 'TAG_RESOLVE_FAILED')
    },
  })
  return problems
}

function place(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(line, 1), column: Math.max(col, 1) }
}

function locator(document: Document, lines: LineCounter): Locate {
  return (path, part) => {
    let node: unknown = document.contents
    let found = offsetOf(node)
    for (const [depth, step] of path.entries()) {
      const last = depth === path.length - 1
      if (isMap(node)) {
        // The last one where a key is written twice, as its value is the one that is read.
        const pair = node.items.findLast(
          (item) => isScalar(item.key) && String(item.key.value) === String(step),
        )
        if (pair === undefined) break
        node = pair.value
        const keyOffset = offsetOf(pair.key)
        found = last && part === 'value' ? (offsetOf(node) ?? keyOffset) : keyOffset
      } else if (isSeq(node) && typeof step === 'number') {
        node = node.items[step]
        found = offsetOf(node) ?? found
      } else {
        break
      }
    }
    return found === null ? null : place(lines, found)
  }
}

function offsetOf(node: unknown): number | null {
  return (isMap(node) || isSeq(node) || isScalar(node)) && node.range != null ? node.range[0] : null
}
