/** Gives the text of a JSON value exactly as it stands in a document (numbers and spaces of tool arguments included). */
import { scanJson } from '../lib/json/scan.ts'
import { NONE } from '../lib/json/tape.ts'
import type { JsonTape, NodeRef } from '../lib/json/tape.ts'

/** Only what is readable for a person is read this way, so the limits are wide. */
const LIMITS = { depthMax: 512, elementsMax: 1_000_000 }

export class RawJson {
  readonly #bytes: Buffer
  /** Null when the document is not one that the strict reader accepts; undefined before the first question. */
  #tape: JsonTape | null | undefined

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Text of the value that the path of keys and list positions leads to; null when it leads nowhere. */
  at(...path: readonly (string | number)[]): string | null {
    if (this.#tape === undefined) {
      const scan = scanJson(this.#bytes, LIMITS)
      this.#tape = scan.kind === 'tape' ? scan.tape : null
    }
    const tape = this.#tape
    if (tape === null) return null
    let node = tape.root
    for (const key of path) {
      node = typeof key === 'string' ? tape.member(node, key) : elementAt(tape, node, key)
    }
    return node === NONE ? null : this.#bytes.toString('utf8', tape.start(node), tape.end(node))
  }
}

function elementAt(tape: JsonTape, list: NodeRef, position: number): NodeRef {
  if (tape.kind(list) !== 'array') return NONE
  let node = tape.firstChild(list)
  for (let at = 0; at < position && node !== NONE; at += 1) node = tape.next(node)
  return node
}
