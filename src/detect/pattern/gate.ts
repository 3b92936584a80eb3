/** What a rule begins with before it waits: while nothing in a text begins like that, the rest of the rule need not run. */
import type { CharSet } from './char-set.ts'
import type { Node } from './node.ts'

/** Units between a word and its value from which on a rule is said to wait. */
const WAIT_MIN = 4

/** True when the node goes on for a while in a way that is not counted. */
export function waits(node: Node): boolean {
  switch (node.kind) {
    case 'cat':
    case 'alt':
      return node.items.some(waits)
    case 'repeat':
      return node.max >= WAIT_MIN || waits(node.item)
    case 'empty':
    case 'set':
    case 'assert':
      return false
  }
}

/** Everything that matches `before` begins with a match of the gate; null when that says too little. */
export function gateOf(before: Node): Node | null {
  const gate = begun(before)
  return tellingUnits(gate) < TELLING_MIN ? null : gate
}

/** A gate that says less opens at every other word. */
const TELLING_MIN = 2
/** A letter in either case, a few separators: a set of more says little of what stands there. */
const CHOICES_MAX = 8

function tellingUnits(node: Node): number {
  switch (node.kind) {
    case 'cat':
      return node.items.reduce((sum, item) => sum + tellingUnits(item), 0)
    case 'alt':
      return Math.min(...node.items.map(tellingUnits))
    case 'repeat':
      return node.min * tellingUnits(node.item)
    case 'set':
      return unitsIn(node.set) <= CHOICES_MAX ? 1 : 0
    case 'empty':
    case 'assert':
      return 0
  }
}

function unitsIn(set: CharSet): number {
  return set.reduce((units, [low, high]) => units + high - low + 1, 0)
}

function begun(node: Node): Node {
  switch (node.kind) {
    case 'cat': {
      const at = node.items.findIndex(waits)
      const items = at < 0 ? node.items : node.items.slice(0, at + 1)
      return { kind: 'cat', items: items.map(begun) }
    }
    case 'alt':
      return { kind: 'alt', items: node.items.map(begun) }
    case 'repeat':
      return waits(node) ? firstOf(node) : node
    case 'empty':
    case 'set':
    case 'assert':
      return node
  }
}

/** The part of a repetition that must be there, as far as it is counted. */
function firstOf(node: Extract<Node, { kind: 'repeat' }>): Node {
  if (node.min === 0) return { kind: 'empty' }
  if (waits(node.item)) return begun(node.item)
  return { ...node, min: Math.min(node.min, WAIT_MIN - 1), max: Math.min(node.min, WAIT_MIN - 1) }
}
