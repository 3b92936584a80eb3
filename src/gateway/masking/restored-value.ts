/** Puts the caller's own values back in place of tokens in one string of a JSON document, without undoing any mask. */
import type { Mask } from '../../detect/finding.ts'
import { spanIndex } from '../../lib/span-index.ts'
import { escapedFor } from './json-level.ts'
import { TOKEN_SHAPE } from './mask-keys.ts'

/** `raw`: the string as it stands in the document; the masks ascend. All of them together are returned. */
export function restoredValue(
  raw: string,
  masks: readonly Mask[],
  values: ReadonlyMap<string, string>,
): readonly Mask[] {
  if (values.size === 0 || !raw.includes('<')) return masks
  const masked = spanIndex(masks)
  const restored: Mask[] = []
  let levels: readonly number[] | null = null
  for (const [number, found] of [...raw.matchAll(TOKEN_SHAPE)].entries()) {
    const value = values.get(found[0])
    const place = { start: found.index, end: found.index + found[0].length }
    if (value === undefined || masked.touches(place)) continue
    levels ??= levelsIn(raw, NESTING_MAX)
    restored.push({ ...place, text: escapedFor(value, levels[number] ?? 1) })
  }
  if (restored.length === 0) return masks
  return [...masks, ...restored].toSorted((a, b) => a.start - b.start)
}

const NESTING_MAX = 12
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/gs

/**
 * Tool arguments are JSON in a string, and may hold such strings themselves: a value has to be escaped for each.
 * For each token in the order of the text: the strings that it lies in. No escape changes a token, and each lies in a string.
 */
function levelsIn(literal: string, nesting: number): readonly number[] {
  const tokens = literal.match(TOKEN_SHAPE)?.length ?? 0
  if (tokens === 0) return []
  const inner = nesting > 0 ? jsonIn(literal) : null
  if (inner === null) return Array.from({ length: tokens }, () => 1)
  const strings = inner.match(STRING) ?? []
  return strings.flatMap((one) => levelsIn(one, nesting - 1).map((level) => level + 1))
}

/** The text of a string, when it is a JSON object or array. */
function jsonIn(literal: string): string | null {
  try {
    const text: unknown = JSON.parse(literal)
    if (typeof text !== 'string' || !/^\s*[{[]/.test(text)) return null
    JSON.parse(text)
    return text
  } catch {
    return null
  }
}
