/** A condition of and, or, not as a test of rows in memory. */
import type { Condition, FacetField, NumberField } from '../../model/exchange-query.ts'
import { isListField } from '../../model/exchange-query.ts'
import { listItems } from '../row-codec.ts'
import { storedTest } from './where-condition.ts'
import type { ValueTest } from './where-value.ts'

/** What a condition needs of the table. */
export interface ConditionRows {
  readonly passing: (field: FacetField, test: (text: string) => boolean) => (row: number) => boolean
  readonly numberAt: (field: Exclude<NumberField, 'status'>, row: number) => number
}

type RowTest = (row: number) => boolean

export function rowCondition(condition: Condition, rows: ConditionRows): RowTest {
  switch (condition.kind) {
    case 'all': {
      const of = condition.of.map((one) => rowCondition(one, rows))
      return (row) => of.every((test) => test(row))
    }
    case 'any': {
      const of = condition.of.map((one) => rowCondition(one, rows))
      return (row) => of.some((test) => test(row))
    }
    case 'not': {
      const test = rowCondition(condition.of, rows)
      return (row) => !test(row)
    }
    case 'compare': {
      const { field, operator, value } = condition
      if (field === 'status') {
        return rows.passing(field, (text) => text !== '' && compares(Number(text), operator, value))
      }
      return (row) => compares(rows.numberAt(field, row), operator, value)
    }
    case 'is': {
      const { field } = condition
      // Asked of the database: there is no column in memory for it.
      if (field === 'conversation') return () => false
      const test = storedTest(condition.test)
      return rows.passing(field, (text) => suits(field, test, text))
    }
  }
}

type Operator = (Condition & { readonly kind: 'compare' })['operator']

/** With NaN every comparison is false. */
export function compares(left: number, operator: Operator, right: number): boolean {
  if (operator === '<') return left < right
  if (operator === '<=') return left <= right
  return operator === '>' ? left > right : left >= right
}

/** `text` is as stored: of a list, all its items. */
export function suits(field: FacetField, test: ValueTest, text: string): boolean {
  if (test.kind === 'none' || text === '') return test.kind === 'none' && text === ''
  if (isListField(field)) return listItems(text).some((item) => suitsOne(test, item))
  return suitsOne(test, text)
}

function suitsOne(test: ValueTest, text: string): boolean {
  if (test.kind === 'none') return false
  if (test.kind === 'exact') return text === test.text
  if (test.kind === 'prefix') return text.startsWith(test.text)
  return Math.floor(Number(text) / 100) === test.hundreds
}
