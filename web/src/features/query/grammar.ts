/** The text of the query bar as the terms that all must hold, and back. What cannot be read stays as it was written. */
import { formatQuery as formatNode } from '../../../../src/model/query/format.ts'
import { conjuncts, joined } from '../../../../src/model/query/node.ts'
import type { QueryNode, QueryProblem } from '../../../../src/model/query/node.ts'
import { parseQuery } from '../../../../src/model/query/parse.ts'

export interface Query {
  /** Terms and groups; nothing where the text cannot be read. */
  readonly all: readonly QueryNode[]
  readonly problem: QueryProblem | null
  /** As written, where it cannot be read. */
  readonly unread: string
}

export function readQuery(text: string): Query {
  const reading = parseQuery(text)
  return reading.kind === 'query'
    ? { all: conjuncts(reading.node), problem: null, unread: '' }
    : { all: [], problem: reading.problem, unread: text }
}

export function writeQuery({ all, unread }: Query): string {
  const text = formatNode(joined(all))
  return unread === '' ? text : `${unread} ${text}`.trim()
}

/** A query of one value, as pivots and links make it. */
export function queryText(field: string, value: string): string {
  const isPlain = value !== '' && !/[\s,"\\()*]|\.\.|^[<>]/u.test(value)
  return `${field}:${isPlain ? value : `"${value.replaceAll(/["\\]/gu, (one) => `\\${one}`)}"`}`
}
