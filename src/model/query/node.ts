/** A query as it was written: terms joined by and, or, not. */
import type { FieldName } from './fields.ts'

export type Operator = '<' | '<=' | '>' | '>='

/** One of the alternatives of a term. */
export type Item =
  | { readonly kind: 'text'; readonly text: string; readonly isPrefix: boolean }
  /** Both ends belong to it; a missing one is open. */
  | { readonly kind: 'range'; readonly from: string; readonly to: string }
  | { readonly kind: 'compare'; readonly operator: Operator; readonly value: string }

export interface Term {
  readonly kind: 'term'
  readonly field: FieldName
  readonly items: readonly Item[]
}

export type QueryNode =
  | Term
  | { readonly kind: 'and' | 'or'; readonly of: readonly QueryNode[] }
  | { readonly kind: 'not'; readonly of: QueryNode }

export interface QueryProblem {
  /** UTF-16 units of the text: the piece that cannot be read. */
  readonly at: number
  readonly end: number
  readonly message: string
  readonly hint: string
}

export type Reading =
  /** Null where nothing is asked. */
  | { readonly kind: 'query'; readonly node: QueryNode | null }
  | { readonly kind: 'problem'; readonly problem: QueryProblem }

/** The terms and groups that all must hold. */
export function conjuncts(node: QueryNode | null): readonly QueryNode[] {
  if (node === null) return []
  return node.kind === 'and' ? node.of : [node]
}

export function joined(nodes: readonly QueryNode[]): QueryNode | null {
  const [first, ...others] = nodes
  if (first === undefined) return null
  return others.length === 0 ? first : { kind: 'and', of: nodes }
}
