/** Finds the word that was probably meant. */

/** The closest of `known`, or null when none is close: at most a third of the letters differ, or it is the only one that goes on. */
export function didYouMean(written: string, known: readonly string[]): string | null {
  let best: string | null = null
  let bestDistance = Infinity
  for (const word of known) {
    const distance = editDistance(written.toLowerCase(), word.toLowerCase())
    if (distance < bestDistance && distance <= Math.max(1, Math.floor(word.length / 3))) {
      best = word
      bestDistance = distance
    }
  }
  const longer = known.filter((word) => written.length >= 3 && word.startsWith(written))
  return best ?? (longer.length === 1 ? (longer[0] ?? null) : null)
}

/** Number of letters to insert, drop or change; very long words are never close. */
function editDistance(left: string, right: string): number {
  if (left.length > 64 || right.length > 64) return Infinity
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= right.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[right.length] ?? 0
}
