/** Judges SCIM filters (RFC 7644 3.4.2.2) on resources; texts count without case, except ids. */
import { parse } from 'scim2-parse-filter'
import type { Compare, Filter } from 'scim2-parse-filter'
import { isJsonObject } from '../../lib/json/loose.ts'
import type { Attributes } from './attributes.ts'
import { ScimProblem } from './scim-problem.ts'

const FILTER_CHARS_MAX = 1000
const EXACT = new Set(['id', 'externalid', 'members.value', 'meta.resourcetype'])

export type ScimFilter = (resource: Attributes) => boolean

/** Throws `ScimProblem`. */
export function readFilter(text: string): {
  readonly test: ScimFilter
  /** Set when the filter asks for one attribute to be equal to a text: then an index can answer. */
  readonly equal: { readonly attribute: string; readonly value: string } | null
} {
  if (text.length > FILTER_CHARS_MAX)
    throw new ScimProblem(400, 'the filter is too long', 'invalidFilter')
  let filter: Filter
  try {
    filter = parse(text)
  } catch {
    throw new ScimProblem(400, 'the filter cannot be read', 'invalidFilter')
  }
  return { test: (resource) => holds(filter, resource, ''), equal: equality(filter) }
}

function equality(filter: Filter): { readonly attribute: string; readonly value: string } | null {
  if (filter.op !== 'eq' || !('compValue' in filter)) return null
  const { attrPath, compValue } = filter
  return typeof compValue === 'string'
    ? { attribute: attrPath.toLowerCase(), value: compValue }
    : null
}

function holds(filter: Filter, resource: unknown, prefix: string): boolean {
  switch (filter.op) {
    case 'and':
      return 'filters' in filter && filter.filters.every((one) => holds(one, resource, prefix))
    case 'or':
      return 'filters' in filter && filter.filters.some((one) => holds(one, resource, prefix))
    case 'not':
      return 'filter' in filter && !holds(filter.filter, resource, prefix)
    case '[]':
      return (
        'valFilter' in filter &&
        valuesAt(resource, filter.attrPath).some((value) =>
          holds(filter.valFilter, value, `${filter.attrPath}.`),
        )
      )
    case 'pr':
      return 'attrPath' in filter && valuesAt(resource, filter.attrPath).some(isPresent)
    case 'eq':
    case 'ne':
    case 'co':
    case 'sw':
    case 'ew':
    case 'gt':
    case 'ge':
    case 'lt':
    case 'le':
      return 'compValue' in filter && compares(filter, resource, prefix)
  }
}

function compares(filter: Compare, resource: unknown, prefix: string): boolean {
  const values = valuesAt(resource, filter.attrPath)
  const isExact = EXACT.has(`${prefix}${filter.attrPath}`.toLowerCase())
  const fold = (value: unknown): unknown =>
    typeof value === 'string' && !isExact ? value.toLowerCase() : value
  const wanted = fold(filter.compValue)
  // `ne` means that none is equal: a missing value is not equal either.
  if (filter.op === 'ne') return !values.some((value) => fold(plain(value)) === wanted)
  return values.some((value) => compare(filter.op, fold(plain(value)), wanted))
}

function compare(op: Compare['op'], value: unknown, wanted: unknown): boolean {
  if (op === 'eq') return value === wanted
  if (typeof value === 'number' && typeof wanted === 'number') return ordered(op, value, wanted)
  if (typeof value !== 'string' || typeof wanted !== 'string') return false
  if (op === 'co') return value.includes(wanted)
  if (op === 'sw') return value.startsWith(wanted)
  if (op === 'ew') return value.endsWith(wanted)
  return ordered(op, value, wanted)
}

function ordered<Value extends string | number>(
  op: Compare['op'],
  value: Value,
  wanted: Value,
): boolean {
  if (op === 'gt') return value > wanted
  if (op === 'ge') return value >= wanted
  if (op === 'lt') return value < wanted
  return op === 'le' && value <= wanted
}

/** Of an element of a list, its `value` (RFC 7644: `emails eq "x"`). */
function plain(value: unknown): unknown {
  return isJsonObject(value) ? value['value'] : value
}

function isPresent(value: unknown): boolean {
  return (
    value !== null &&
    value !== undefined &&
    value !== '' &&
    !(Array.isArray(value) && value.length === 0)
  )
}

/** Names without case; lists are looked through; an extension comes with its urn. */
function valuesAt(resource: unknown, path: string): readonly unknown[] {
  const urn = /^(urn:[^ ]*:(?:User|Group))(?::|$)/i.exec(path)?.[1]
  const isCore = urn !== undefined && /:core:/i.test(urn)
  const rest = urn === undefined ? path : path.slice(urn.length + 1)
  const steps = [...(urn === undefined || isCore ? [] : [urn]), ...rest.split('.')].filter(
    (step) => step !== '',
  )
  return steps.reduce<readonly unknown[]>(
    (values, step) => values.flatMap((value) => stepInto(value, step)),
    [resource],
  )
}

function stepInto(value: unknown, step: string): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap((one) => stepInto(one, step))
  if (!isJsonObject(value)) return []
  const found = Object.entries(value).find(([key]) => key.toLowerCase() === step.toLowerCase())
  if (found === undefined) return []
  return Array.isArray(found[1]) ? found[1] : [found[1]]
}
