/** Turns offsets counted in code points, as Python counts them, into UTF-16 units. */

/** Null for an offset behind the end of the text. */
export function codePointOffsets(text: string): (codePoint: number) => number | null {
  if (!/[\ud800-\udfff]/.test(text)) return (at) => (at <= text.length ? at : null)
  const units: number[] = []
  let unit = 0
  for (const char of text) {
    units.push(unit)
    unit += char.length
  }
  units.push(unit)
  return (at) => units[at] ?? null
}
