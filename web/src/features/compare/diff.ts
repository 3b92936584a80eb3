/** What two lists share, in order: the same in both, only in the left, only in the right. */

export type Side = 'both' | 'left' | 'right'

export interface Difference<Item> {
  readonly side: Side
  /** Of the left where both have it. */
  readonly item: Item
}

/** Longer lists are told as wholly different behind what they share at both ends. */
const CELLS_MAX = 4_000_000

/** The longest common subsequence by `keyOf`; what is only left comes before what is only right. */
export function differences<Item>(
  left: readonly Item[],
  right: readonly Item[],
  keyOf: (item: Item) => string,
): readonly Difference<Item>[] {
  const a = left.map(keyOf)
  const b = right.map(keyOf)
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1
  let tail = 0
  while (
    tail < a.length - head &&
    tail < b.length - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  ) {
    tail += 1
  }
  const middle = [left.slice(head, left.length - tail), right.slice(head, right.length - tail)]
  const same = (item: Item): Difference<Item> => ({ side: 'both', item })
  return [
    ...left.slice(0, head).map(same),
    ...between(middle[0] ?? [], middle[1] ?? [], keyOf),
    ...left.slice(left.length - tail).map(same),
  ]
}

function between<Item>(
  left: readonly Item[],
  right: readonly Item[],
  keyOf: (item: Item) => string,
): readonly Difference<Item>[] {
  const only =
    (side: Side) =>
    (item: Item): Difference<Item> => ({ side, item })
  if (left.length === 0 || right.length === 0 || left.length * right.length > CELLS_MAX) {
    return [...left.map(only('left')), ...right.map(only('right'))]
  }
  const a = left.map(keyOf)
  const b = right.map(keyOf)
  const width = b.length + 1
  // Lengths of what the rests have in common.
  const common = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      common[i * width + j] =
        a[i] === b[j]
          ? (common[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0)
    }
  }
  const all: Difference<Item>[] = []
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const [one, other] = [left[i], right[j]]
    if (one === undefined || other === undefined) break
    if (a[i] === b[j]) {
      all.push({ side: 'both', item: one })
      i += 1
      j += 1
    } else if ((common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0)) {
      all.push({ side: 'left', item: one })
      i += 1
    } else {
      all.push({ side: 'right', item: other })
      j += 1
    }
  }
  return [...all, ...left.slice(i).map(only('left')), ...right.slice(j).map(only('right'))]
}

/** Words and what is between them: put together they are the text. */
export function wordsOf(text: string): readonly string[] {
  return text.match(/\s+|[^\s]+/gu) ?? []
}

/** Neighbours of one side become one piece. */
export function textDifferences(left: string, right: string): readonly Difference<string>[] {
  const joined: { side: Side; item: string }[] = []
  for (const { side, item } of differences(wordsOf(left), wordsOf(right), (word) => word)) {
    const last = joined.at(-1)
    if (last?.side === side) last.item += item
    else joined.push({ side, item })
  }
  return joined
}
