/** Moves places of citations to where they lie now. */
import type { PlaceNodes } from '../../dialects/text-places.ts'
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import { NONE } from '../../lib/json/tape.ts'
import type { TextSpan } from '../../model/stream-shape.ts'
import { edit } from './json-edits.ts'
import type { Edit } from './json-edits.ts'
import type { TextShift } from './text-shift.ts'

export interface Shifts {
  readonly channel: (place: {
    readonly group: string
    readonly kind: string
  }) => TextShift | undefined
  readonly document: (index: number) => TextShift | null | undefined
}

/** Null while a place lies in text that is still held; with `isLast` nothing more is waited for. */
export function spanEdits(
  tape: JsonTape,
  spans: readonly TextSpan[],
  isLast: boolean,
  shifts: Shifts,
): readonly Edit[] | null {
  const edits: Edit[] = []
  for (const span of spans) {
    if ('document' in span.into) {
      const document = shifts.document(span.into.document)
      if (document !== null && document !== undefined)
        edits.push(...originalPlaces(tape, span, document))
      continue
    }
    const shift = shifts.channel(span.into)
    if (shift === undefined) continue
    const furthest = Math.max(numberOf(tape, span.start), numberOf(tape, span.end))
    if (!isLast && !shift.isSettled(furthest)) return null
    edits.push(...placeEdits(tape, span, shift))
  }
  return edits
}

export function placeEdits(
  tape: JsonTape,
  { start, end, quote }: PlaceNodes,
  shift: TextShift,
): readonly Edit[] {
  const quoted = shift.quoted(numberOf(tape, start), tape.text(quote) ?? '')
  return [
    ...moved(tape, start, (offset) => shift.shown(offset, 'start')),
    ...moved(tape, end, (offset) => shift.shown(offset, 'end')),
    ...(quoted === null ? [] : [edit(tape, quote, JSON.stringify(quoted))]),
  ]
}

/** The provider saw the masked document; the caller has its own. */
export function originalPlaces(
  tape: JsonTape,
  { start, end }: PlaceNodes,
  shift: TextShift,
): readonly Edit[] {
  return [
    ...moved(tape, start, (offset) => shift.original(offset, 'start')),
    ...moved(tape, end, (offset) => shift.original(offset, 'end')),
  ]
}

function numberOf(tape: JsonTape, node: NodeRef): number {
  return node === NONE ? 0 : (tape.number(node) ?? 0)
}

function moved(tape: JsonTape, node: NodeRef, to: (offset: number) => number): readonly Edit[] {
  const offset = tape.number(node)
  if (node === NONE || offset === null) return []
  const place = to(offset)
  return place === offset ? [] : [edit(tape, node, String(place))]
}
