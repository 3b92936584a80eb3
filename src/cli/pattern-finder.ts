/** Finds the matches of a pattern that a person wrote, in time linear in the text. */
import { ExactSearch } from '../detect/pattern/exact-search.ts'
import { parsePattern } from '../detect/pattern/parse-pattern.ts'
import type { Finder } from '../incident/trace/scan-record.ts'

const STATES_MAX = 20_000
const MATCHES_MAX = 20

/** What is wrong with the pattern, in words, when it is none. */
export function patternFinder(source: string): Finder | string {
  const parsed = parsePattern(source)
  if (parsed.kind === 'problem') return parsed.problem
  const search = new ExactSearch(parsed.pattern, STATES_MAX)
  return (text) => {
    const found: { start: number; end: number }[] = []
    for (let from = 0; from <= text.length && found.length < MATCHES_MAX;) {
      const match = search.find({ text, from, to: text.length, atStart: true, final: true })
      if (match === null) break
      if (match.end > match.start) found.push({ start: match.start, end: match.end })
      from = Math.max(match.end, from + 1)
    }
    return found
  }
}
