/** Orders counted values, and counts the items of lists one by one. */
import type { FacetValue } from '../../model/exchange-query.ts'
import { listItems } from '../row-codec.ts'

/** `lists`: stored lists and how many rows have each. A row without items counts as one that has none. */
export function itemCounts(lists: Iterable<FacetValue>): readonly FacetValue[] {
  const counts = new Map<string, number>()
  for (const { value, count } of lists) {
    const items = value === '' ? [''] : listItems(value)
    for (const item of items) counts.set(item, (counts.get(item) ?? 0) + count)
  }
  return [...counts].map(([value, count]) => ({ value, count }))
}

export function mostFrequent(
  values: readonly FacetValue[],
  valuesMax: number,
): readonly FacetValue[] {
  return values
    .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, valuesMax)
}
