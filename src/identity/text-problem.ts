/** Says what is wrong with a name or sentence that a person gave, without quoting it. */

/** Control, format (bidi, zero width), surrogate and line separator characters: they make two names look alike in a terminal. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/** Completes "the <field> …"; null when nothing is wrong. */
export function textProblem(text: string, min: number, max: number): string | null {
  if (text.length < min) return 'is empty'
  if (text.length > max) return `has more than ${max} characters`
  if (INVISIBLE.test(text)) return 'holds a control or invisible character'
  return text.trim() === text ? null : 'begins or ends with a space'
}
