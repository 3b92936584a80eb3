/** The syntax tree of a rule's pattern, and what can be said about it without running it. */
import type { CharSet } from './char-set.ts'

export type Assertion = 'word' | 'not-word' | 'start' | 'end' | 'line-start' | 'line-end'

export type Node =
  | { readonly kind: 'empty' }
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'cat'; readonly items: readonly Node[] }
  | { readonly kind: 'alt'; readonly items: readonly Node[] }
  | {
      readonly kind: 'repeat'
      readonly item: Node
      readonly min: number
      /** Infinity when unbounded. */
      readonly max: number
      readonly greedy: boolean
    }
  | { readonly kind: 'assert'; readonly at: Assertion }

/** `before` is context and never masked, `secret` is masked, `after` must follow. */
export interface Pattern {
  readonly before: Node
  readonly secret: Node
  readonly after: Node
}

export interface Span {
  readonly min: number
  readonly max: number
}

/** Shortest and longest text the node can match, in code units. */
export function lengthOf(node: Node): Span {
  switch (node.kind) {
    case 'empty':
    case 'assert':
      return { min: 0, max: 0 }
    case 'set':
      return { min: 1, max: 1 }
    case 'cat': {
      const parts = node.items.map(lengthOf)
      return { min: sum(parts.map((p) => p.min)), max: sum(parts.map((p) => p.max)) }
    }
    case 'alt': {
      const parts = node.items.map(lengthOf)
      return {
        min: Math.min(...parts.map((p) => p.min)),
        max: Math.max(...parts.map((p) => p.max)),
      }
    }
    case 'repeat':
      break
  }
  const part = lengthOf(node.item)
  return { min: part.min * node.min, max: part.max === 0 ? 0 : part.max * node.max }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

/** Repetitions longer than `RELAX_ABOVE` lose their upper bound; the result matches everything `node` matches. */
export function relax(node: Node): Node {
  switch (node.kind) {
    case 'cat':
    case 'alt':
      return { kind: node.kind, items: node.items.map(relax) }
    case 'repeat': {
      const item = relax(node.item)
      if (node.max <= (isDigit(node.item) ? RELAX_DIGITS_ABOVE : RELAX_ABOVE))
        return { ...node, item }
      return { ...node, item, min: Math.min(node.min, RELAX_KEEP), max: Infinity }
    }
    case 'empty':
    case 'set':
    case 'assert':
      break
  }
  return node
}

const RELAX_ABOVE = 4
/** Counting digits costs few states, because all rules count alike, and spares searches in every number of a text. */
const RELAX_DIGITS_ABOVE = 19
const RELAX_KEEP = 1

function isDigit(node: Node): boolean {
  return node.kind === 'set' && node.set.every(([low, high]) => low >= 0x30 && high <= 0x39)
}
