/** Exact terms by the ten thousand, found by one automaton (Aho and Corasick) however many there are. */
import { View } from './view.ts'

export interface Term {
  readonly start: number
  readonly end: number
}

const WORD = /^\w$/
const ROOT = 0
const NONE = -1

/** Terms are compared without case, as rules see text, and only as whole words. */
export class TermList {
  readonly id: string
  readonly entity: string
  /** Longest term, in view units. */
  readonly longest: number
  readonly #edges: EdgeTable
  /** Node of the longest proper suffix that is also the beginning of a term. */
  readonly #fail: Int32Array
  /** Length of the longest term that ends at a node, through suffixes too; 0 when none does. */
  readonly #ends: Int32Array
  readonly #depth: Int32Array

  constructor(id: string, entity: string, terms: readonly string[]) {
    this.id = id
    this.entity = entity
    const read = terms.map(asRulesSee).filter((term) => term !== '')
    this.longest = Math.max(0, ...read.map((term) => term.length))
    const size = read.reduce((sum, term) => sum + term.length, 1)
    this.#edges = new EdgeTable(size)
    this.#fail = new Int32Array(size)
    this.#ends = new Int32Array(size)
    this.#depth = new Int32Array(size)
    this.#link(this.#plant(read))
  }

  /** Builds the trie; returns its edges with parents before children. */
  #plant(
    terms: readonly string[],
  ): readonly (readonly [parent: number, unit: number, child: number])[] {
    const edges: [number, number, number][] = []
    for (const term of terms) {
      let node = ROOT
      for (let i = 0; i < term.length; i += 1) {
        const unit = term.charCodeAt(i)
        let child = this.#edges.get(node, unit)
        if (child === NONE) {
          child = edges.length + 1
          this.#edges.set(node, unit, child)
          this.#depth[child] = i + 1
          edges.push([node, unit, child])
        }
        node = child
      }
      this.#ends[node] = term.length
    }
    return edges.toSorted((a, b) => (this.#depth[a[2]] ?? 0) - (this.#depth[b[2]] ?? 0))
  }

  #link(edges: readonly (readonly [parent: number, unit: number, child: number])[]): void {
    for (const [parent, unit, child] of edges) {
      const suffix = parent === ROOT ? ROOT : this.step(this.#fail[parent] ?? ROOT, unit)
      this.#fail[child] = suffix
      if (this.#ends[child] === 0) this.#ends[child] = this.#ends[suffix] ?? 0
    }
  }

  step(from: number, unit: number): number {
    for (let node = from; ; node = this.#fail[node] ?? ROOT) {
      const child = this.#edges.get(node, unit)
      if (child !== NONE) return child
      if (node === ROOT) return ROOT
    }
  }

  depth(node: number): number {
    return this.#depth[node] ?? 0
  }

  /** Lengths of all terms that end at the node, longest first. */
  endsAt(node: number): readonly number[] {
    const lengths: number[] = []
    for (let at = node; at !== ROOT; at = this.#fail[at] ?? ROOT) {
      const length = this.#ends[at] ?? 0
      if (length === 0) break
      if (length === this.#depth[at]) lengths.push(length)
    }
    return lengths
  }
}

/** Follows one channel. A term counts only once the next character shows that its word is over. */
export class TermFollower {
  readonly #list: TermList
  #node = ROOT
  /** Recent units, to look at the character before a term. */
  #recent = ' '
  #candidates: readonly number[] = []

  constructor(list: TermList) {
    this.#list = list
  }

  /** Takes the unit before position `end`; returns the term that ended before it. */
  push(unit: number, end: number): Term | null {
    const char = String.fromCharCode(unit).toLowerCase()
    const ended = this.#settle(char, end - 1)
    this.#node = this.#list.step(this.#node, char.charCodeAt(0))
    this.#recent += char
    if (this.#recent.length > 2 * this.#list.longest + 2) {
      this.#recent = this.#recent.slice(-this.#list.longest - 1)
    }
    this.#candidates = this.#list.endsAt(this.#node)
    return ended
  }

  holds(): boolean {
    return this.#list.depth(this.#node) > 0
  }

  /** The text is over. */
  finish(end: number): Term | null {
    return this.#settle(' ', end)
  }

  #settle(next: string, end: number): Term | null {
    const length = this.#candidates.find((size) => this.#isWhole(size, next))
    this.#candidates = []
    return length === undefined ? null : { start: end - length, end }
  }

  #isWhole(length: number, next: string): boolean {
    const at = this.#recent.length - length
    const breaks = (outer: string, inner: string): boolean =>
      !(WORD.test(outer) && WORD.test(inner))
    return (
      breaks(this.#recent.charAt(at - 1), this.#recent.charAt(at)) &&
      breaks(next, this.#recent.slice(-1))
    )
  }
}

function asRulesSee(term: string): string {
  const view = new View()
  for (let i = 0; i < term.length; i += 1) view.append(term.charCodeAt(i), () => {})
  view.finish(() => {})
  return view.text.toLowerCase().trim()
}

/** Edges of a trie in one open-addressing table: a tenth of the memory of a Map per node. */
class EdgeTable {
  readonly #nodes: Int32Array
  readonly #units: Uint16Array
  readonly #children: Int32Array
  readonly #mask: number

  constructor(edges: number) {
    const size = 2 ** Math.ceil(Math.log2(edges * 2 + 2))
    this.#mask = size - 1
    this.#nodes = new Int32Array(size).fill(NONE)
    this.#units = new Uint16Array(size)
    this.#children = new Int32Array(size)
  }

  get(node: number, unit: number): number {
    const slot = this.#slot(node, unit)
    return this.#nodes[slot] === NONE ? NONE : (this.#children[slot] ?? NONE)
  }

  set(node: number, unit: number, child: number): void {
    const slot = this.#slot(node, unit)
    this.#nodes[slot] = node
    this.#units[slot] = unit
    this.#children[slot] = child
  }

  #slot(node: number, unit: number): number {
    let slot = (Math.imul(node, 0x9e37_79b1) ^ Math.imul(unit, 0x85eb_ca6b)) & this.#mask
    while (
      this.#nodes[slot] !== NONE &&
      (this.#nodes[slot] !== node || this.#units[slot] !== unit)
    ) {
      slot = (slot + 1) & this.#mask
    }
    return slot
  }
}
