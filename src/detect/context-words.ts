/** Raises the score of a finding when a word shortly before it says what it is. */

/** How far back words are looked for, in view units. */
export const CONTEXT_UNITS = 96
const WORDS_BEFORE = 6
const BOOST = 0.35
const FLOOR = 0.4

/** `before` is the text in front of the secret, at most `CONTEXT_UNITS` long. Whole words only. */
export function scoreInContext(score: number, words: readonly string[], before: string): number {
  if (words.length === 0) return score
  const near = wordsOf(before).slice(-WORDS_BEFORE).join(' ')
  const found = words.some((word) => ` ${near} `.includes(` ${word} `))
  return found ? Math.min(1, Math.max(FLOOR, Math.round((score + BOOST) * 100) / 100)) : score
}

/** True when one of the words stands right before the secret, with nothing but a few signs between them. */
export function followsWord(words: readonly string[], before: string): boolean {
  const word = /([\p{L}§]+)[\s:.#=("'`*-]{0,4}$/u.exec(before)?.[1]?.toLowerCase()
  return word !== undefined && words.includes(word)
}

export function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? []
}
