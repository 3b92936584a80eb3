/** Puts the caller's own values back in place of tokens in one string of a JSON document, without undoing any mask. */
import type { Mask } from '../../detect/finding.ts'
import { spanIndex } from '../../lib/span-index.ts'
import { escapedFor } from './json-level.ts'
import { TOKEN_SHAPE } from './mask-keys.ts'
import { TextLevel } from './text-level.ts'

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
  const all = [...raw.matchAll(TOKEN_SHAPE)]
  for (const [number, found] of all.entries()) {
    const value = values.get(found[0])
    const place = { start: found.index, end: found.index + found[0].length }
    if (value === undefined || masked.touches(place)) continue
    levels ??= levelsIn(raw, all.length)
    restored.push({ ...place, text: escapedFor(value, 1 + (levels[number] ?? 0)) })
  }
  if (restored.length === 0) return masks
  return [...masks, ...restored].toSorted((a, b) => a.start - b.start)
}

/**
 * Tool arguments are JSON in a string, and so is the text of an answer that was asked for as JSON; both may hold such strings
 * themselves: a value has to be escaped for each. For each token in the order of the text: how many strings of the text it lies in.
 */
function levelsIn(literal: string, tokens: number): readonly number[] {
  const text = textOf(literal)
  const found = text === null ? [] : [...text.matchAll(TOKEN_SHAPE)]
  // A token that the text spells with escapes is none in the literal.
  if (text === null || found.length !== tokens) return []
  const follower = new TextLevel()
  let followed = 0
  return found.map(({ index }) => {
    follower.take(text.slice(followed, index))
    followed = index
    return follower.level
  })
}

function textOf(literal: string): string | null {
  try {
    const text: unknown = JSON.parse(literal)
    return typeof text === 'string' ? text : null
  } catch {
    return null
  }
}
