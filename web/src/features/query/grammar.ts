/** The text of the query bar as terms and back: `field:value`, `field:a,b`, `field:"with spaces"`; total, never throws. */
import { FIELDS, isFieldName } from './fields.ts'
import type { FieldName } from './fields.ts'
import { readDuration, readMoment } from './moments.ts'

export interface Term {
  readonly field: FieldName
  readonly values: readonly string[]
  /** Written `-field:value`: what must not be. */
  readonly isNot?: true
}

/** A piece of the text that is no term; it filters nothing and the bar says so. */
export interface Unread {
  readonly text: string
  readonly message: string
}

export interface Query {
  readonly terms: readonly Term[]
  readonly unread: readonly Unread[]
}

const VALUE = String.raw`"(?:[^"\\]|\\.)*"?|[^\s,"]+`
const WORD = new RegExp(String.raw`[^\s:",]+:(?:(?:${VALUE})?(?:,(?:${VALUE})?)*)|\S+`, 'gu')
const VALUES = new RegExp(VALUE, 'gu')

export function parseQuery(text: string): Query {
  const terms: Term[] = []
  const unread: Unread[] = []
  for (const [word] of text.matchAll(WORD)) {
    const term = readTerm(word)
    if ('message' in term) unread.push(term)
    else terms.push(term)
  }
  return { terms, unread }
}

export function formatQuery(query: Query): string {
  return [...query.terms.map(formatTerm), ...query.unread.map(({ text }) => text)].join(' ')
}

export function formatTerm(term: Term): string {
  return `${term.isNot === true ? '-' : ''}${term.field}:${term.values.map(formatValue).join(',')}`
}

function formatValue(value: string): string {
  if (value !== '' && !/[\s,"\\]/u.test(value)) return value
  return `"${value.replaceAll(/["\\]/gu, (character) => `\\${character}`)}"`
}

function readTerm(word: string): Term | Unread {
  const colon = word.indexOf(':')
  const isNot = word.startsWith('-')
  const field = colon < 0 ? '' : word.slice(isNot ? 1 : 0, colon).toLowerCase()
  if (!isFieldName(field)) {
    const message =
      colon > 0
        ? `There is no field “${field}”.`
        : 'Write it as field:value, for example model:gpt-5*.'
    return { text: word, message }
  }
  const values = [...word.slice(colon + 1).matchAll(VALUES)].map(([value]) => readValue(value))
  if (values.length === 0) return { text: word, message: `“${field}:” waits for a value.` }
  const message = valueProblem(field, values)
  if (message !== null) return { text: word, message }
  if (!isNot) return { field, values }
  return FIELDS[field].parameter === null
    ? { text: word, message: `“${field}” cannot be turned round.` }
    : { field, values, isNot }
}

function readValue(text: string): string {
  if (!text.startsWith('"')) return text
  const inner =
    text.length > 1 && /[^\\](?:\\\\)*"$|^""$/u.test(text) ? text.slice(1, -1) : text.slice(1)
  return inner.replaceAll(/\\(.)/gsu, '$1')
}

function valueProblem(field: FieldName, values: readonly string[]): string | null {
  const [first = ''] = values
  if (FIELDS[field].parameter === null && values.length > 1) return `“${field}” takes one value.`
  if (field === 'last' || field === 'slower' || field === 'faster')
    return readDuration(first) === null ? `“${field}” takes a duration: 500ms, 15m, 6h, 30d.` : null
  if (field === 'after' || field === 'before')
    return readMoment(first) === null
      ? `“${field}” takes a moment: 2026-11-23 or 2026-11-23T14:05Z.`
      : null
  if (field === 'status' && !values.every((value) => /^(?:[1-5]\d\d|[1-5]xx|)$/u.test(value)))
    return 'A status is a number, or a class: 5xx.'
  if (field === 'state' && !values.every((value) => FIELDS.state.samples.includes(value)))
    return `A state is one of ${FIELDS.state.samples.join(', ')}.`
  if (field === 'finding' && !values.every((value) => /^(?:request|answer|)$/u.test(value)))
    return 'Findings are in the request or in the answer.'
  if (field === 'fingerprint' && !values.every((value) => /^[0-9a-f]{0,64}$/u.test(value)))
    return 'A fingerprint is hexadecimal digits.'
  return null
}
