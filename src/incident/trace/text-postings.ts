/** The keys under which a text is found: those of its chosen grams and of its values. */
import { textPieces } from './texts-of.ts'
import { foundValues } from './values.ts'
import type { Digests, TraceVersion } from './versions.ts'
import { chosenGrams, type SelectionKey } from './winnow.ts'

/** A key may come more than once. */
export interface TextKeys {
  readonly passages: readonly number[]
  readonly values: readonly number[]
}

export function textKeys(
  text: string,
  version: TraceVersion,
  selection: SelectionKey,
  digests: Digests,
): TextKeys {
  const passages: number[] = []
  const values = new Set<string>()
  for (const piece of textPieces(text)) {
    const normalised = version.normalise(piece.text)
    for (const key of digests.passages(normalised, chosenGrams(normalised, selection)))
      passages.push(key)
    for (const { value } of foundValues(piece.text)) values.add(value)
  }
  return { passages, values: Array.from(values, digests.value) }
}
