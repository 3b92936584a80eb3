/** Writes a query as text, with no more brackets than it needs; reading it gives the same query. */
import type { Item, QueryNode, Term } from './node.ts'

/** What a value holds that would be read as something else. */
const SPECIAL = /[\s,"\\()*]|\.\.|^[<>]/u

export function formatQuery(node: QueryNode | null): string {
  if (node === null) return ''
  switch (node.kind) {
    case 'term':
      return formatTerm(node)
    case 'not':
      return node.of.kind === 'term' ? `-${formatTerm(node.of)}` : `not ${inBrackets(node.of)}`
    case 'and':
      return node.of
        .map((one) =>
          one.kind === 'or' || one.kind === 'and' ? inBrackets(one) : formatQuery(one),
        )
        .join(' ')
    case 'or':
      return node.of
        .map((one) => (one.kind === 'or' ? inBrackets(one) : formatQuery(one)))
        .join(' or ')
  }
}

function formatTerm({ field, items }: Term): string {
  return `${field}:${items.map(formatItem).join(',')}`
}

export function formatItem(item: Item): string {
  if (item.kind === 'compare') return `${item.operator}${item.value}`
  if (item.kind === 'range') return `${item.from}..${item.to}`
  if (item.isPrefix) return item.text === '' ? '*' : `${formatText(item.text)}*`
  return formatText(item.text)
}

function formatText(text: string): string {
  if (text !== '' && !SPECIAL.test(text)) return text
  return `"${text.replaceAll(/["\\]/gu, (character) => `\\${character}`)}"`
}

function inBrackets(node: QueryNode): string {
  return node.kind === 'not' ? formatQuery(node) : `(${formatQuery(node)})`
}
