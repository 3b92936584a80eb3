/** Cuts text where sentences end, so that a name is never cut in two. */

export interface Sentence {
  readonly start: number
  readonly text: string
}

/** A sentence without an end is cut at a space. */
export const SENTENCE_MAX = 1000

const END = /[.!?…。！？]+["'”’)\]]*\s+|\s*\n\s*/g
/** What ends in a full stop and ends no sentence: titles, initials, abbreviations. */
const NO_END =
  /(?:^|[\s("'])(?:Mr|Mrs|Ms|Mx|Dr|Prof|St|Sr|Jr|Herr|Fr|Sra?|Mme|[A-Z]|e\.g|i\.e|z\.B|vs|No|Nr|approx)\.\s+$/

/** Where the first sentence of `text` ends, counted from its beginning; null while it goes on. */
export function sentenceEnd(text: string): number | null {
  for (const found of text.matchAll(END)) {
    const end = found.index + found[0].length
    // White space at the very end may go on.
    if (end >= text.length && !found[0].includes('\n')) break
    if (end > SENTENCE_MAX) break
    if (!NO_END.test(text.slice(Math.max(0, end - 24), end))) return end
  }
  if (text.length <= SENTENCE_MAX) return null
  const space = text.lastIndexOf(' ', SENTENCE_MAX)
  if (space > SENTENCE_MAX / 2) return space + 1
  const isPair = /[\ud800-\udbff]/.test(text.charAt(SENTENCE_MAX - 1))
  return isPair ? SENTENCE_MAX - 1 : SENTENCE_MAX
}

export function cutSentences(text: string): readonly Sentence[] {
  const sentences: Sentence[] = []
  let start = 0
  while (start < text.length) {
    // Only so much is looked at, however long the text is.
    const rest = text.slice(start, start + 2 * SENTENCE_MAX)
    const end = sentenceEnd(rest) ?? rest.length
    sentences.push({ start, text: rest.slice(0, end) })
    start += end
  }
  return sentences
}
