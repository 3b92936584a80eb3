/** Puts the caller's own values back in place of tokens in one string of a JSON document, without undoing any mask. */
import type { Mask } from '../../detect/finding.ts'
import { spanIndex } from '../../lib/span-index.ts'
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
  let levels = 0
  for (const found of raw.matchAll(TOKEN_SHAPE)) {
    const value = values.get(found[0])
    const place = { start: found.index, end: found.index + found[0].length }
    if (value === undefined || masked.touches(place)) continue
    if (levels === 0) levels = levelsOf(raw)
    restored.push({ ...place, text: escaped(value, levels) })
  }
  if (restored.length === 0) return masks
  return [...masks, ...restored].toSorted((a, b) => a.start - b.start)
}

/** Tool arguments are JSON in a string: there a value has to be escaped for both. */
function levelsOf(raw: string): number {
  try {
    const text: unknown = JSON.parse(raw)
    if (typeof text !== 'string' || !/^\s*[{[]/.test(text)) return 1
    JSON.parse(text)
    return 2
  } catch {
    return 1
  }
}

function escaped(value: string, levels: number): string {
  let text = value
  for (let level = 0; level < levels; level += 1) text = JSON.stringify(text).slice(1, -1)
  return text
}
