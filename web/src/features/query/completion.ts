/** What the query bar offers where the caret stands: field names, then values of the field. */
import { FIELD_NAMES, fieldOf, isFieldName } from '../../../../src/model/query/fields.ts'
import type { FieldName } from '../../../../src/model/query/fields.ts'
import { formatItem } from '../../../../src/model/query/format.ts'

export interface Option {
  readonly label: string
  readonly says: string
  /** What replaces the text between `start` and `end`. */
  readonly insert: string
}

export interface Completion {
  readonly start: number
  readonly end: number
  readonly options: readonly Option[]
}

export interface CountedValue {
  readonly value: string
  readonly count: number
}

const OPTIONS_MAX = 12

/** `counted`: values seen in the current window, most frequent first. */
export function complete(
  text: string,
  caret: number,
  counted: (field: FieldName) => readonly CountedValue[],
): Completion {
  const before = /(?:[^\s":,()]+:(?:"(?:[^"\\]|\\.)*"?|[^\s"()])*|[^\s:()]*)$/u.exec(
    text.slice(0, caret),
  )
  const word = before?.[0] ?? ''
  const start = caret - word.length
  const colon = word.indexOf(':')
  const sign = word.startsWith('-') ? 1 : 0
  if (colon < 0) {
    return {
      start: start + sign,
      end: caret,
      options: fieldOptions(word.slice(sign).toLowerCase()),
    }
  }
  const field = word.slice(sign, colon).toLowerCase()
  if (!isFieldName(field)) return { start, end: caret, options: [] }
  const comma = word.lastIndexOf(',')
  const from = Math.max(colon, comma) + 1
  return {
    start: start + from,
    end: caret,
    options: valueOptions(field, word.slice(from).replace(/^"/u, ''), counted(field)),
  }
}

function fieldOptions(typed: string): Option[] {
  return FIELD_NAMES.filter((name) => name.startsWith(typed)).map((name) => ({
    label: `${name}:`,
    says: fieldOf(name).says,
    insert: `${name}:`,
  }))
}

function valueOptions(field: FieldName, typed: string, counted: readonly CountedValue[]): Option[] {
  const options = new Map<string, string>()
  for (const { value, count } of counted) options.set(value, String(count))
  const { samples, facet } = fieldOf(field)
  for (const sample of samples) if (!options.has(sample)) options.set(sample, '')
  const lower = typed.toLowerCase()
  return [...options]
    .filter(([value]) => value.toLowerCase().includes(lower) && (value === '' || value !== typed))
    .slice(0, OPTIONS_MAX)
    .map(([value, count]) => ({
      label: value === '' ? '(none)' : value,
      says: count,
      // A sample of a measure is written as it is: `>2s`.
      insert: `${facet === null || isSample(field, value) ? value : formatItem({ kind: 'text', text: value, isPrefix: false })} `,
    }))
}

function isSample(field: FieldName, value: string): boolean {
  return fieldOf(field).samples.includes(value)
}
