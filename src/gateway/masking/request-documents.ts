/** The documents of a request that a provider may cite, with the way from their masked text back to the caller's own. */
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import { NONE } from '../../lib/json/tape.ts'
import { spanIndex } from '../../lib/span-index.ts'
import type { Splice } from '../../model/record.ts'
import { createTextShift } from './text-shift.ts'
import type { TextShift } from './text-shift.ts'
import type { OffsetUnit } from '../../model/stream-shape.ts'

/** In the order in which Anthropic and Bedrock count documents; null for those without text of their own. */
export function requestDocuments(
  tape: JsonTape,
  splices: readonly Splice[],
): readonly (TextShift | null)[] {
  const found: (TextShift | null)[] = []
  const walk = (node: NodeRef): void => {
    for (const child of tape.children(node)) {
      const source = documentSource(tape, child)
      if (source === NONE) walk(child)
      else found.push(shiftOfSource(tape, source, splices))
    }
  }
  walk(tape.member(tape.root, 'messages'))
  return found
}

function documentSource(tape: JsonTape, part: NodeRef): NodeRef {
  if (tape.text(tape.member(part, 'type')) === 'document') return tape.member(part, 'source')
  return tape.member(tape.member(part, 'document'), 'source')
}

function shiftOfSource(
  tape: JsonTape,
  source: NodeRef,
  splices: readonly Splice[],
): TextShift | null {
  const isText = tape.text(tape.member(source, 'type')) === 'text'
  const text = tape.member(source, isText ? 'data' : 'text')
  return tape.kind(text) === 'string' ? shiftOfString(tape, [text], splices, 'code-point') : null
}

/** How splices of a document moved the text of its strings, counted as one text. */
export function shiftOfString(
  tape: JsonTape,
  texts: readonly NodeRef[],
  splices: readonly Splice[],
  unit: OffsetUnit,
): TextShift {
  const shift = createTextShift(unit)
  const index = spanIndex(splices)
  let length = 0
  const take = (from: number, to: number): void => {
    const text = decoded(tape.bytes.toString('utf8', from, to))
    shift.receive(text)
    length += text.length
  }
  for (const node of texts) {
    const [first, last] = [tape.start(node) + 1, tape.end(node) - 1]
    let from = first
    for (let next = index.firstBehind(first); next < splices.length; next += 1) {
      const { start, end, with: text } = splices[next] ?? { start: last, end: last + 1, with: '' }
      if (start >= last) break
      if (start < from || end > last) continue
      take(from, start)
      const at = length
      take(start, end)
      shift.settle([{ start: at, end: length, text: decoded(text) }], length)
      from = end
    }
    take(from, last)
    shift.settle([], length)
  }
  shift.finish()
  return shift
}

/** The inside of a JSON string. */
function decoded(inside: string): string {
  if (!inside.includes('\\')) return inside
  try {
    return String(JSON.parse(`"${inside}"`))
  } catch {
    // Cut in the middle of an escape: counted as it is written.
    return inside
  }
}
