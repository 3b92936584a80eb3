/** The numbers between which a measured value must lie. A moment stands for all of its day, minute or second. */
import { fieldOf } from './fields.ts'
import type { FieldName } from './fields.ts'
import type { Item } from './node.ts'
import { readQuantity } from './quantities.ts'

export interface Bound {
  readonly value: number
  readonly isOpen: boolean
}

export interface Bounds {
  readonly least: Bound | null
  readonly most: Bound | null
}

export function boundsOf(item: Item, name: FieldName): Bounds {
  const first = (text: string): Bound | null => ends(text, name)?.first ?? null
  const last = (text: string): Bound | null => ends(text, name)?.last ?? null
  if (item.kind === 'range') return { least: first(item.from), most: last(item.to) }
  if (item.kind === 'text') return { least: first(item.text), most: last(item.text) }
  switch (item.operator) {
    case '>':
      return { least: opened(last(item.value)), most: null }
    case '>=':
      return { least: first(item.value), most: null }
    case '<':
      return { least: null, most: opened(first(item.value)) }
    case '<=':
      return { least: null, most: last(item.value) }
  }
}

function opened(bound: Bound | null): Bound | null {
  return bound === null ? null : { ...bound, isOpen: true }
}

function ends(
  text: string,
  name: FieldName,
): { readonly first: Bound; readonly last: Bound } | null {
  const { unit } = fieldOf(name)
  const value = unit === null || text === '' ? null : readQuantity(unit, text)
  if (value === null) return null
  const widthMs = unit === 'moment' ? momentWidthMs(text) : 1
  return {
    first: { value, isOpen: false },
    last: { value: value + widthMs - 1, isOpen: false },
  }
}

function momentWidthMs(text: string): number {
  const clock = /T\d\d:\d\d(:\d\d)?(\.\d+)?/u.exec(text)
  if (clock === null) return 86_400_000
  if (clock[2] !== undefined) return 1
  return clock[1] === undefined ? 60_000 : 1_000
}
