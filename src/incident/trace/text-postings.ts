/** The keys under which a text is found: its chosen grams and its values, each once. */
import { normalise } from './normalise.ts'
import { textPieces } from './texts-of.ts'
import type { EpochDigests } from './trace-keys.ts'
import { foundValues } from './values.ts'
import { chosenGrams, type SelectionKey } from './winnow.ts'

export interface TextKeys {
  readonly passages: ReadonlySet<number>
  readonly values: ReadonlySet<number>
}

export function textKeys(text: string, selection: SelectionKey, digests: EpochDigests): TextKeys {
  const passages = new Set<number>()
  const values = new Set<number>()
  for (const piece of textPieces(text)) {
    const normalised = normalise(piece.text, false)
    for (const at of chosenGrams(normalised, selection))
      passages.add(digests.passage(normalised, at))
    for (const { value } of foundValues(piece.text)) values.add(digests.value(value))
  }
  return { passages, values }
}
