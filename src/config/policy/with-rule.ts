/** Writes one more rule at the end of a policy; comments and everything else stay as they were written. */
import { isSeq, parseDocument, stringify } from 'yaml'

const EMPTY = 'version: 1\nrules: []\n'

export interface AddedRule {
  readonly text: string
  /** The rule alone. */
  readonly rule: string
}

export function withRule(
  text: string,
  rule: Readonly<Record<string, string | readonly string[]>>,
): AddedRule {
  const document = parseDocument(text.trim() === '' ? EMPTY : text)
  const rules = document.get('rules')
  const added = document.createNode(rule)
  // `[]` is written in flow style, in which a rule cannot be read.
  if (isSeq(rules)) rules.flow = false
  if (isSeq(rules)) rules.add(added)
  else document.set('rules', document.createNode([rule]))
  const style = { lineWidth: 120 }
  return { text: document.toString(style), rule: stringify([rule], style) }
}
