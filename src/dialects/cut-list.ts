/** Collects the byte spans that cut a request body into blocks, in the order of the body. */
import type { JsonTape, NodeRef } from '../lib/json/tape.ts'
import { NONE } from '../lib/json/tape.ts'
import type { BlockRole, BlockSpan } from '../model/dialect.ts'

export class CutList {
  readonly #tape: JsonTape
  readonly #spans: BlockSpan[] = []

  constructor(tape: JsonTape) {
    this.#tape = tape
  }

  /** Makes one block of the whole value; values may come in any order but must not lie inside one another. */
  add(node: NodeRef, role: BlockRole): void {
    if (node === NONE) return
    this.#spans.push({ start: this.#tape.start(node), end: this.#tape.end(node), role })
  }

  /** Makes one block of each element when `node` is a list that is not empty, of the whole value otherwise. */
  addEach(node: NodeRef, role: BlockRole): void {
    const isList = this.#tape.kind(node) === 'array'
    if (!isList) this.add(node, role)
    else for (const element of this.#tape.children(node)) this.add(element, role)
  }

  /** Members of an object may stand in any order, so the spans are put into the order of the body here. */
  spans(): readonly BlockSpan[] {
    return this.#spans.sort((a, b) => a.start - b.start)
  }
}
