/** Turns a written mask operator into the one that is applied. */
import type { Operator } from '../detect/operators.ts'
import type { CheckedOperator } from './schema-masking.ts'

/** `refuse` is told of parts that belong to another operator. */
export function resolveOperator(
  written: CheckedOperator,
  refuse: (part: string, message: string) => void,
): Operator {
  const kind = typeof written === 'string' ? written : written.operator
  const given: Exclude<CheckedOperator, string> =
    typeof written === 'string' ? { operator: written } : written
  const belongs = (name: string, owner: string): void => {
    refuse(name, `${name} belongs to the operator ${owner}`)
  }
  if (given.with !== undefined && kind !== 'replace') belongs('with', 'replace')
  if (given.char !== undefined && kind !== 'mask') belongs('char', 'mask')
  if (given.keepLast !== undefined && kind !== 'mask') belongs('keepLast', 'mask')
  switch (kind) {
    case 'replace':
      return { kind, with: given.with ?? null }
    case 'mask':
      return { kind, char: given.char ?? '*', keepLast: given.keepLast ?? 0 }
    case 'redact':
    case 'hash':
    case 'encrypt':
    case 'tokenize':
    case 'synthetic':
    case 'keep':
    case 'block':
      return { kind }
  }
}
