/** Reads one value of a term: a text, a prefix, a range or a comparison, and whether the field takes it. */
import { fieldOf } from './fields.ts'
import type { FieldName } from './fields.ts'
import type { Item, Operator, QueryProblem } from './node.ts'
import { UNIT_HINTS, readQuantity } from './quantities.ts'
import { boundsOf } from './bounds.ts'

type ItemReading =
  | { readonly kind: 'item'; readonly item: Item; readonly end: number }
  | ({ readonly kind: 'problem' } & QueryProblem)

const QUOTED = /"((?:[^"\\]|\\.)*)"/suy
const BARE = /[^\s,"()]+/uy
const OPERATORS: readonly Operator[] = ['<', '<=', '>', '>=']
const OPERATOR = /^(<=|>=|<|>)(.*)$/su

export function readItem(text: string, at: number, field: FieldName): ItemReading {
  const problem = (end: number, message: string, hint: string): ItemReading => ({
    kind: 'problem',
    at,
    end: Math.max(end, at),
    message,
    hint,
  })
  const written = piece(text, at)
  if (written === null) {
    return text[at] === '"'
      ? problem(text.length, 'These quotes are not closed.', 'Add a " behind the value.')
      : problem(at, `“${field}:” waits for a value.`, sampleHint(field))
  }
  if (/[^\s,)]/u.test(text[written.end] ?? ' ')) {
    const hint = 'Put values with spaces, commas, quotes or brackets between quotes.'
    return problem(written.end + 1, 'A value ends here, and something follows.', hint)
  }
  const item = itemOf(written.text, written.isQuoted, field)
  const refused = refusal(item, field)
  return refused === null
    ? { kind: 'item', item, end: written.end }
    : problem(written.end, refused.message, refused.hint)
}

interface Piece {
  readonly text: string
  readonly isQuoted: boolean
  readonly end: number
}

/** Quotes may be followed by a star: everything that begins so. */
function piece(text: string, at: number): (Piece & { readonly text: string }) | null {
  QUOTED.lastIndex = at
  const quoted = QUOTED.exec(text)
  if (quoted !== null) {
    const inner = (quoted[1] ?? '').replaceAll(/\\(.)/gsu, '$1')
    const end = at + quoted[0].length
    return text[end] === '*'
      ? { text: `${inner}*`, isQuoted: false, end: end + 1 }
      : { text: inner, isQuoted: true, end }
  }
  BARE.lastIndex = at
  const bare = BARE.exec(text)?.[0]
  return bare === undefined ? null : { text: bare, isQuoted: false, end: at + bare.length }
}

function itemOf(text: string, isQuoted: boolean, field: FieldName): Item {
  const { number, takes } = fieldOf(field)
  if (isQuoted) return { kind: 'text', text, isPrefix: false }
  if (number !== null && takes === 'values') {
    const compared = OPERATOR.exec(text)
    const operator = OPERATORS.find((one) => one === compared?.[1])
    if (operator !== undefined) return { kind: 'compare', operator, value: compared?.[2] ?? '' }
    const dots = text.indexOf('..')
    if (dots >= 0) return { kind: 'range', from: text.slice(0, dots), to: text.slice(dots + 2) }
  }
  if (number === null && text.endsWith('*')) {
    return { kind: 'text', text: text.slice(0, -1), isPrefix: true }
  }
  return { kind: 'text', text, isPrefix: false }
}

type Refusal = { readonly message: string; readonly hint: string } | null

function refusal(item: Item, name: FieldName): Refusal {
  const field = fieldOf(name)
  if (item.kind !== 'text') return boundsRefusal(item, name)
  const { text, isPrefix } = item
  if (field.isClosed === true && (isPrefix || ![...field.samples, ''].includes(text))) {
    return { message: `“${name}” is one of ${field.samples.join(', ')}.`, hint: '' }
  }
  if (field.shape !== undefined) {
    return field.shape.pattern.test(text) ? null : { message: field.shape.message, hint: '' }
  }
  if (field.unit !== null) {
    if (readQuantity(field.unit, text) !== null) return null
    return { message: `“${name}” does not take “${text}”.`, hint: UNIT_HINTS[field.unit] }
  }
  return null
}

function boundsRefusal(item: Exclude<Item, { kind: 'text' }>, name: FieldName): Refusal {
  const { unit } = fieldOf(name)
  const hint = unit === null ? '' : UNIT_HINTS[unit]
  const ends = item.kind === 'compare' ? [item.value] : [item.from, item.to]
  const wrong = ends.find(
    (end) => end !== '' && (unit === null || readQuantity(unit, end) === null),
  )
  if (wrong !== undefined) return { message: `“${name}” does not take “${wrong}”.`, hint }
  if (ends.every((end) => end === '')) return { message: `“${name}:” waits for a value.`, hint }
  const { least, most } = boundsOf(item, name)
  return least !== null && most !== null && least.value > most.value
    ? { message: 'This range runs backwards.', hint: 'Write the smaller end first.' }
    : null
}

function sampleHint(name: FieldName): string {
  const { samples, unit } = fieldOf(name)
  if (samples.length > 0) return `For example ${name}:${samples[0] ?? ''}.`
  return unit === null ? 'Two quotes stand for “has none”.' : UNIT_HINTS[unit]
}
