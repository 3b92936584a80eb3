/** Exact terms by the ten thousand, found by one automaton (Aho and Corasick) however many there are. */
import { View } from './view.ts'

/** Words that are found under one name. */
export interface TermGroup {
  /** Rule id that findings carry. */
  readonly id: string
  readonly entity: string
  readonly words: readonly string[]
}

export type TermName = Pick<TermGroup, 'id' | 'entity'>

export interface Term {
  readonly start: number
  readonly end: number
  /** Every group that has the term. */
  readonly names: readonly TermName[]
}

const ROOT = 0
const NONE = -1
const SPACE = 32
/** A run of white space counts as one space up to here: a stream must not be held for ever. */
const GAP_MAX = 16
const NO_TERMS: readonly Term[] = []

/** Terms are compared without case, as rules see text, a run of white space as one space, and only as whole words. */
export class TermList {
  /** Most view units that a term can span. */
  readonly longest: number
  /** Most units of a term itself. */
  readonly unitsMax: number
  readonly #names = new Map<string, TermName[]>()
  readonly #edges: EdgeTable
  /** Node of the longest proper suffix that is also the beginning of a term. */
  readonly #fail: Int32Array
  /** Length of the longest term that ends at a node, through suffixes too; 0 when none does. */
  readonly #ends: Int32Array
  readonly #depth: Int32Array

  constructor(groups: readonly TermGroup[]) {
    for (const { id, entity, words } of groups) {
      for (const word of words) this.#name(termForm(word), { id, entity })
    }
    const terms = [...this.#names.keys()]
    const gaps = Math.max(0, ...terms.map((term) => term.split(' ').length - 1))
    this.unitsMax = Math.max(0, ...terms.map((term) => term.length))
    this.longest = this.unitsMax + gaps * GAP_MAX
    const size = terms.reduce((sum, term) => sum + term.length, 1)
    this.#edges = new EdgeTable(size)
    this.#fail = new Int32Array(size)
    this.#ends = new Int32Array(size)
    this.#depth = new Int32Array(size)
    this.#link(this.#plant(terms))
  }

  #name(term: string, name: TermName): void {
    if (term === '') return
    const names = this.#names.get(term) ?? []
    if (!names.some(({ id }) => id === name.id)) names.push(name)
    this.#names.set(term, names)
  }

  namesOf(term: string): readonly TermName[] {
    return this.#names.get(term) ?? []
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

  hasEnd(node: number): boolean {
    return (this.#ends[node] ?? 0) > 0
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
  readonly #mask: number
  /** Recent units as terms are compared, and where each began, in rings. */
  readonly #units: Uint16Array
  readonly #starts: Int32Array
  /** Units so far; the one before the text is a space. */
  #count = 1
  #node = ROOT
  /** Node at which terms end that wait for the next character. */
  #ended = ROOT
  #gap = 0

  constructor(list: TermList) {
    this.#list = list
    const size = 2 ** Math.ceil(Math.log2(list.unitsMax + 4))
    this.#mask = size - 1
    this.#units = new Uint16Array(size).fill(SPACE)
    this.#starts = new Int32Array(size)
  }

  /** Takes the unit before position `end`; returns the terms that ended before it, longest first. */
  push(unit: number, end: number): readonly Term[] {
    const folded = foldUnit(unit)
    const ended = this.#ended === ROOT ? NO_TERMS : this.#settle(folded, end - 1)
    if (folded === SPACE && this.#units[(this.#count - 1) & this.#mask] === SPACE) {
      this.#gap += 1
      if (this.#gap < GAP_MAX) return ended
      this.#node = ROOT
      return ended
    }
    this.#gap = 0
    const at = this.#count & this.#mask
    this.#units[at] = folded
    this.#starts[at] = end - 1
    this.#count += 1
    this.#node = this.#list.step(this.#node, folded)
    this.#ended = this.#list.hasEnd(this.#node) ? this.#node : ROOT
    return ended
  }

  holds(): boolean {
    return this.#list.depth(this.#node) > 0
  }

  /** The text is over. */
  finish(end: number): readonly Term[] {
    return this.#ended === ROOT ? NO_TERMS : this.#settle(SPACE, end)
  }

  #settle(next: number, end: number): readonly Term[] {
    const node = this.#ended
    this.#ended = ROOT
    const terms: Term[] = []
    for (const length of this.#list.endsAt(node)) {
      const first = this.#count - length
      if (!this.#breaks(first - 1, first) || !breaksWord(next, this.#at(this.#count - 1))) continue
      let term = ''
      for (let i = first; i < this.#count; i += 1) term += String.fromCharCode(this.#at(i))
      const start = this.#starts[first & this.#mask] ?? 0
      terms.push({ start, end, names: this.#list.namesOf(term) })
    }
    return terms
  }

  #at(index: number): number {
    return this.#units[index & this.#mask] ?? SPACE
  }

  #breaks(outer: number, inner: number): boolean {
    return breaksWord(this.#at(outer), this.#at(inner))
  }
}

const WHITE_SPACE = /^\s$/u

/** Lower case; every white space is a space. */
function foldUnit(unit: number): number {
  if (unit < 128) {
    if (unit >= 65 && unit <= 90) return unit + 32
    return unit >= 9 && unit <= 13 ? SPACE : unit
  }
  const char = String.fromCharCode(unit)
  return WHITE_SPACE.test(char) ? SPACE : char.toLowerCase().charCodeAt(0)
}

const WORD = /^[\p{L}\p{N}\p{M}_]$/u
/** Scripts that write no spaces between words: there a term may stand anywhere. */
const UNSPACED =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]$/u

function breaksWord(outer: number, inner: number): boolean {
  return !(isWordUnit(outer) && isWordUnit(inner))
}

function isWordUnit(unit: number): boolean {
  const char = String.fromCharCode(unit)
  return WORD.test(char) && !UNSPACED.test(char)
}

/** A term as it is compared; empty when nothing of it is left. */
export function termForm(term: string): string {
  const view = new View()
  for (let i = 0; i < term.length; i += 1) view.append(term.charCodeAt(i), () => {})
  view.finish(() => {})
  let form = ''
  for (let i = 0; i < view.text.length; i += 1)
    form += String.fromCharCode(foldUnit(view.text.charCodeAt(i)))
  return form.replaceAll(/ +/g, ' ').trim()
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
