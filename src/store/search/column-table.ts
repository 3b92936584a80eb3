/** The filterable fields of every exchange in memory, column by column: counting a million rows takes milliseconds. */
import type {
  ExchangeQuery,
  FacetCounts,
  FacetField,
  FacetValue,
  HistogramBucket,
  NumberField,
} from '../../model/exchange-query.ts'
import { FACET_FIELDS, isListField } from '../../model/exchange-query.ts'
import { keyText } from '../row-codec.ts'
import { rowCondition, suits } from './column-condition.ts'
import { itemCounts, mostFrequent } from './facet-values.ts'
import { NumberColumns } from './number-columns.ts'
import { emptyBuckets } from './sql-search.ts'
import { valueTest } from './where-value.ts'
import type { ValueTest } from './where-value.ts'

/** Characters of an exchange id after `ex_`. */
const ID_BYTES = 26
const FIRST_CAPACITY = 4096
const PREFIX = 'ex_'

export interface ColumnRow {
  readonly id: string
  /** What cannot be told from the facets. */
  readonly numbers: Readonly<Record<Exclude<NumberField, 'status'>, number | null>>
  /** Declared; tells which rows are of one conversation, and no more. */
  readonly conversation: string | null
  /** In the order of FACET_FIELDS. */
  readonly values: readonly (string | number | null)[]
}

/** Distinct values of one field, each under a number. */
class Dictionary {
  readonly texts: string[] = []
  readonly #codes = new Map<string, number>()

  code(text: string): number {
    const known = this.#codes.get(text)
    if (known !== undefined) return known
    const code = this.texts.length
    this.texts.push(text)
    this.#codes.set(text, code)
    return code
  }
}

interface Column {
  readonly field: FacetField
  readonly dictionary: Dictionary
  codes: Uint32Array
}

/** Which codes pass; one per filtered field. */
interface CodeTest {
  readonly column: number
  readonly passes: Uint8Array
}

interface RowTest {
  readonly tests: readonly CodeTest[]
  /** Time, duration and owner: no facet counts without them. */
  readonly isIn: (row: number) => boolean
}

/** Rows are in id order. */
export class ColumnTable {
  #size = 0
  #ids = new Uint8Array(FIRST_CAPACITY * ID_BYTES)
  readonly #numbers = new NumberColumns(FIRST_CAPACITY)
  readonly #columns: readonly Column[] = FACET_FIELDS.map((field) => ({
    field,
    dictionary: new Dictionary(),
    codes: new Uint32Array(FIRST_CAPACITY),
  }))

  get size(): number {
    return this.#size
  }

  put(row: ColumnRow): void {
    const id = Buffer.from(row.id.slice(PREFIX.length), 'latin1')
    if (id.length !== ID_BYTES) return
    const { at, isKnown } = this.#find(id)
    if (!isKnown) this.#insert(at, id)
    this.#numbers.put(at, row.numbers, row.conversation)
    for (const [c, column] of this.#columns.entries()) {
      const value = row.values[c] ?? null
      column.codes[at] = column.dictionary.code(value === null ? '' : String(value))
    }
  }

  remove(id: string): void {
    const { at, isKnown } = this.#find(Buffer.from(id.slice(PREFIX.length), 'latin1'))
    if (!isKnown) return
    const end = this.#size
    this.#ids.copyWithin(at * ID_BYTES, (at + 1) * ID_BYTES, end * ID_BYTES)
    this.#numbers.move(at, at + 1, end)
    for (const column of this.#columns) column.codes.copyWithin(at, at + 1, end)
    this.#size -= 1
  }

  /** Ids that match, newest first. */
  list(query: ExchangeQuery, page: { readonly limit: number; readonly before?: string }): string[] {
    const { tests, isIn } = this.#rowTest(query)
    const from =
      page.before === undefined
        ? this.#size
        : this.#find(Buffer.from(page.before.slice(PREFIX.length), 'latin1')).at
    const found: string[] = []
    for (let row = from - 1; row >= 0 && found.length < page.limit; row -= 1) {
      if (this.#firstFailure(tests, row) === -1 && isIn(row)) found.push(this.#idAt(row))
    }
    return found
  }

  facets(query: ExchangeQuery, valuesMax: number): FacetCounts {
    const { tests, isIn } = this.#rowTest(query)
    const counts = this.#columns.map(
      (column) => new Uint32Array(Math.max(1, column.dictionary.texts.length)),
    )
    // Rows first, then one column after the other: a million rows of one column are read in a few milliseconds.
    const rows = new Uint32Array(this.#size)
    let total = 0
    for (let row = 0; row < this.#size; row += 1) {
      const failure = this.#firstFailure(tests, row)
      if (failure >= 0 && this.#failsAfter(tests, row, failure)) continue
      if (!isIn(row)) continue
      if (failure === -1) {
        rows[total] = row
        total += 1
      } else {
        const c = tests[failure]?.column ?? 0
        bump(counts[c], this.#columns[c]?.codes[row])
      }
    }
    for (const [c, column] of this.#columns.entries()) tally(counts[c], column.codes, rows, total)
    const fields = this.#columns.map(
      (column, c) => [column.field, counted(column, counts[c], valuesMax)] as const,
    )
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- there is one column for every field
    return { total, fields: Object.fromEntries(fields) as FacetCounts['fields'] }
  }

  histogram(
    query: ExchangeQuery,
    range: { readonly fromMs: number; readonly toMs: number; readonly buckets: number },
  ): readonly HistogramBucket[] {
    const { tests, isIn } = this.#rowTest(query)
    const buckets = emptyBuckets(range)
    const fromMs = Math.round(range.fromMs)
    const toMs = Math.round(range.toMs)
    const states = this.#columns.find((column) => column.field === 'state')
    if (states === undefined) return buckets
    for (let row = 0; row < this.#size; row += 1) {
      const atMs = this.#numbers.at('receivedAtMs', row)
      if (atMs < fromMs || atMs >= toMs) continue
      if (this.#firstFailure(tests, row) !== -1 || !isIn(row)) continue
      const bucket = buckets[Math.floor(((atMs - fromMs) * range.buckets) / (toMs - fromMs))]
      if (bucket === undefined) continue
      const state = stateOf(states.dictionary.texts[states.codes[row] ?? 0])
      if (state !== null) bucket[state] += 1
    }
    return buckets
  }

  /** Rows that match, in id order. */
  scan(query: ExchangeQuery, visit: (row: number) => void): void {
    const { tests, isIn } = this.#rowTest(query)
    for (let row = 0; row < this.#size; row += 1) {
      if (this.#firstFailure(tests, row) === -1 && isIn(row)) visit(row)
    }
  }

  /** NaN where there is none. */
  numberAt(field: Exclude<NumberField, 'status'>, row: number): number {
    return this.#numbers.at(field, row)
  }

  /** Equal for rows of one conversation; NaN where none was declared. */
  conversationAt(row: number): number {
    return this.#numbers.conversationAt(row)
  }

  /** The number that stands for the stored text of a field. */
  codesOf(field: FacetField): (row: number) => number {
    const column = this.#columns[this.#columnOf(field)]
    return (row) => column?.codes[row] ?? 0
  }

  textsOf(field: FacetField): readonly string[] {
    return this.#columns[this.#columnOf(field)]?.dictionary.texts ?? []
  }

  /** Which rows have what is asked, told by the code of the field. */
  passing(field: FacetField, test: (text: string) => boolean): (row: number) => boolean {
    const column = this.#columnOf(field)
    const passes = this.#passing(column, test)
    return (row) => passes[this.#columns[column]?.codes[row] ?? 0] === 1
  }

  /** Index of the first test that the row fails; -1 when it passes all. */
  #firstFailure(tests: readonly CodeTest[], row: number): number {
    for (let t = 0; t < tests.length; t += 1) if (!this.#passes(tests[t], row)) return t
    return -1
  }

  #failsAfter(tests: readonly CodeTest[], row: number, first: number): boolean {
    for (let t = first + 1; t < tests.length; t += 1) if (!this.#passes(tests[t], row)) return true
    return false
  }

  #passes(test: CodeTest | undefined, row: number): boolean {
    if (test === undefined) return true
    return test.passes[this.#columns[test.column]?.codes[row] ?? 0] === 1
  }

  #rowTest(query: ExchangeQuery): RowTest {
    const tests = this.#columns.flatMap((column, c): CodeTest[] => {
      const values = query.values[column.field]
      const others = query.not?.[column.field]
      if (values === undefined && others === undefined) return []
      const wanted = values?.map((value) => valueTest(column.field, value))
      const unwanted = (others ?? []).map((value) => valueTest(column.field, value))
      const suitsAny = (tests: readonly ValueTest[], text: string): boolean =>
        tests.some((one) => suits(column.field, one, text))
      return [
        {
          column: c,
          passes: this.#passing(
            c,
            (text) => (wanted === undefined || suitsAny(wanted, text)) && !suitsAny(unwanted, text),
          ),
        },
      ]
    })
    const { sinceMs, untilMs, durationMsMin, durationMsMax, owner } = query
    const principals = this.#columnOf('principal')
    const keys = this.#columnOf('keyId')
    const ownPrincipals = this.#passing(principals, (text) =>
      (owner?.principals ?? []).some((one) => keyText(one) === text),
    )
    const ownKeys = this.#passing(keys, (text) =>
      (owner?.keyIds ?? []).some((one) => keyText(one) === text),
    )
    const hasDuration = durationMsMin !== undefined || durationMsMax !== undefined
    const where = query.where === undefined ? null : rowCondition(query.where.condition, this)
    return {
      tests,
      isIn: (row) => {
        const atMs = this.#numbers.at('receivedAtMs', row)
        if (sinceMs !== undefined && atMs < Math.ceil(sinceMs)) return false
        if (untilMs !== undefined && atMs > Math.floor(untilMs)) return false
        // NaN, where there is no duration yet, is neither long nor short enough.
        const durationMs = hasDuration ? this.#numbers.at('durationMs', row) : 0
        if (durationMsMin !== undefined && !(durationMs >= durationMsMin)) return false
        if (durationMsMax !== undefined && !(durationMs <= durationMsMax)) return false
        if (where?.(row) === false) return false
        if (owner === undefined) return true
        return (
          ownPrincipals[this.#columns[principals]?.codes[row] ?? 0] === 1 ||
          ownKeys[this.#columns[keys]?.codes[row] ?? 0] === 1
        )
      },
    }
  }

  #columnOf(field: FacetField): number {
    return this.#columns.findIndex((column) => column.field === field)
  }

  #passing(column: number, test: (text: string) => boolean): Uint8Array {
    const texts = this.#columns[column]?.dictionary.texts ?? []
    return Uint8Array.from(texts, (text) => (test(text) ? 1 : 0))
  }

  #idAt(row: number): string {
    const at = row * ID_BYTES
    return PREFIX + Buffer.from(this.#ids.buffer, at, ID_BYTES).toString('latin1')
  }

  #find(id: Buffer): { readonly at: number; readonly isKnown: boolean } {
    // New rows come at the end, or near it.
    let low = 0
    let high = this.#size
    if (high > 0 && this.#compare(high - 1, id) < 0) low = high
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compare(middle, id) < 0) low = middle + 1
      else high = middle
    }
    return { at: low, isKnown: low < this.#size && this.#compare(low, id) === 0 }
  }

  /** Ids sort like their characters, and an id shorter than another that it begins before it. */
  #compare(row: number, id: Buffer): number {
    const at = row * ID_BYTES
    return Buffer.from(this.#ids.buffer, at, ID_BYTES).compare(id)
  }

  #insert(at: number, id: Buffer): void {
    if (this.#size * ID_BYTES === this.#ids.length) this.#grow()
    const end = this.#size
    if (at < end) {
      this.#ids.copyWithin((at + 1) * ID_BYTES, at * ID_BYTES, end * ID_BYTES)
      this.#numbers.move(at + 1, at, end)
      for (const column of this.#columns) column.codes.copyWithin(at + 1, at, end)
    }
    this.#ids.set(id, at * ID_BYTES)
    this.#size += 1
  }

  #grow(): void {
    const capacity = this.#size * 2
    const ids = new Uint8Array(capacity * ID_BYTES)
    ids.set(this.#ids)
    this.#ids = ids
    this.#numbers.grow(capacity)
    for (const column of this.#columns) {
      const codes = new Uint32Array(capacity)
      codes.set(column.codes)
      column.codes = codes
    }
  }
}

const STATES = ['complete', 'open', 'interrupted', 'refused'] as const

function stateOf(text: string | undefined): (typeof STATES)[number] | null {
  return STATES.find((state) => state === text) ?? null
}

function bump(counts: Uint32Array | undefined, code: number | undefined): void {
  if (counts !== undefined && code !== undefined) counts[code] = (counts[code] ?? 0) + 1
}

function tally(
  counts: Uint32Array | undefined,
  codes: Uint32Array,
  rows: Uint32Array,
  total: number,
): void {
  if (counts === undefined) return
  for (let i = 0; i < total; i += 1) {
    const code = codes[rows[i] ?? 0] ?? 0
    counts[code] = (counts[code] ?? 0) + 1
  }
}

function counted(
  column: Column,
  counts: Uint32Array | undefined,
  valuesMax: number,
): readonly FacetValue[] {
  const values: FacetValue[] = []
  for (const [code, value] of column.dictionary.texts.entries()) {
    const count = counts?.[code] ?? 0
    if (count > 0) values.push({ value, count })
  }
  return mostFrequent(isListField(column.field) ? itemCounts(values) : values, valuesMax)
}
