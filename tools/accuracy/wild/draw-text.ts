/** Draws texts that match a pattern, all of its characters at random. */
import type { Node } from '../../../src/detect/pattern/node.ts'
import { parsePattern } from '../../../src/detect/pattern/parse-pattern.ts'
import type { Draw } from '../values.ts'

export function drawText(draw: Draw, pattern: string): string {
  const parsed = parsePattern(pattern)
  if (parsed.kind === 'problem') throw new Error(`${pattern}: ${parsed.problem}`)
  return drawn(draw, parsed.pattern.secret)
}

function drawn(draw: Draw, node: Node): string {
  switch (node.kind) {
    case 'empty':
    case 'assert':
      return ''
    case 'set': {
      const units = node.set.flatMap(([low, high]) =>
        Array.from({ length: high - low + 1 }, (_, i) => String.fromCharCode(low + i)),
      )
      return draw.pick(units)
    }
    case 'cat':
      return node.items.map((item) => drawn(draw, item)).join('')
    case 'alt':
      return drawn(draw, draw.pick(node.items))
    case 'repeat': {
      const times = node.min + draw.below(node.max - node.min + 1)
      return Array.from({ length: times }, () => drawn(draw, node.item)).join('')
    }
  }
}
