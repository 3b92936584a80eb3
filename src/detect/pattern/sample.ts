/** Makes a few short texts that a pattern should match: what none of them matches can probably match nothing. */
import type { CharSet } from './char-set.ts'
import type { Node, Pattern } from './node.ts'

const CHOICES_MAX = 8

/** With nothing, a space and a line break around, so that word borders and line ends find what they want. */
export function patternSamples({ before, secret, after }: Pattern): readonly string[] {
  const texts = new Set<string>()
  for (let choice = 0; choice < CHOICES_MAX; choice += 1) {
    const text = [before, secret, after].map((node) => sampleOf(node, choice)).join('')
    for (const around of ['', ' ', '\n', 'a']) texts.add(around + text + around)
  }
  return [...texts]
}

/** `choice` picks among alternatives and characters. */
function sampleOf(node: Node, choice: number): string {
  switch (node.kind) {
    case 'empty':
    case 'assert':
      return ''
    case 'set':
      return charOf(node.set, choice)
    case 'cat':
      return node.items.map((item) => sampleOf(item, choice)).join('')
    case 'alt': {
      const item = node.items[choice % node.items.length]
      return item === undefined ? '' : sampleOf(item, choice)
    }
    case 'repeat': {
      const times = Math.max(node.min, Math.min(1, node.max))
      return Array.from({ length: times }, (_, index) => sampleOf(node.item, choice + index)).join(
        '',
      )
    }
  }
}

const READABLE: readonly string[] = ['a', '0', 'A', '_', '-', ' ', '.']

function charOf(set: CharSet, choice: number): string {
  const has = (code: number): boolean => set.some(([low, high]) => code >= low && code <= high)
  const readable = READABLE.filter((char) => has(char.charCodeAt(0)))
  const [first] = set
  const own = first === undefined ? '' : String.fromCharCode(first[0])
  return readable[choice % Math.max(1, readable.length)] ?? own
}
