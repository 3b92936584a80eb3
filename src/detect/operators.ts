/** What is put in the place of a found value, by entity. */

export type OperatorName =
  | 'redact'
  | 'replace'
  | 'mask'
  | 'hash'
  | 'encrypt'
  | 'tokenize'
  | 'synthetic'
  | 'keep'
  | 'block'

export type Operator =
  | { readonly kind: 'redact' }
  | { readonly kind: 'replace'; readonly with: string | null }
  | {
      readonly kind: 'mask'
      readonly char: string
      /** Characters left readable at the end; at most a third of the value is ever shown. */
      readonly keepLast: number
    }
  | { readonly kind: 'hash' }
  | { readonly kind: 'encrypt' }
  | { readonly kind: 'tokenize' }
  | { readonly kind: 'synthetic' }
  | { readonly kind: 'keep' }
  | { readonly kind: 'block' }

export interface OperatorTable {
  readonly byEntity: ReadonlyMap<string, Operator>
  readonly fallback: Operator
  /** By rule id; goes before the entity. */
  readonly byRule?: ReadonlyMap<string, Operator>
}

/** Keyed functions of one conversation: the same value gives the same answer. */
export interface MaskKeys {
  /** Keyed digest, lower-case hex, at least 32 digits. `purpose` separates uses of one key. */
  readonly digest: (purpose: 'fingerprint' | 'hash' | 'synthetic', value: string) => string
  /** Deterministic, self-describing ciphertext without spaces. */
  readonly encrypt: (value: string) => string
  /** A token of the conversation's vault from which the value can be restored. */
  readonly tokenFor: (entity: string, value: string) => string
}

export const REPLACE: Operator = { kind: 'replace', with: null }
const HASH_DIGITS = 16

export function operatorFor(table: OperatorTable, entity: string, rule = ''): Operator {
  return table.byRule?.get(rule) ?? table.byEntity.get(entity) ?? table.fallback
}

const VALUE_OPERATORS: ReadonlySet<OperatorName> = new Set([
  'mask',
  'hash',
  'encrypt',
  'tokenize',
  'synthetic',
])

/** True when the replacement cannot be written before the whole value is known. */
export function needsValue(operator: Operator): boolean {
  return VALUE_OPERATORS.has(operator.kind)
}

export function applyOperator(
  operator: Operator,
  entity: string,
  value: string,
  keys: MaskKeys,
): string {
  switch (operator.kind) {
    case 'redact':
    case 'block':
      return ''
    case 'replace':
      return operator.with ?? `<${entity}>`
    case 'mask': {
      const shown = Math.max(0, Math.min(operator.keepLast, Math.floor(value.length / 3)))
      return operator.char.repeat(MASK_LENGTH) + value.slice(value.length - shown)
    }
    case 'hash':
      return `<${entity}:${keys.digest('hash', value).slice(0, HASH_DIGITS)}>`
    case 'encrypt':
      return keys.encrypt(value)
    case 'tokenize':
      return keys.tokenFor(entity, value)
    case 'synthetic':
      return synthesize(value, keys.digest('synthetic', value))
    case 'keep':
      break
  }
  return value
}

/** Fixed, so that the length of a secret does not leave. */
const MASK_LENGTH = 8

const DIGITS = '0123456789'
const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

/**
 * A value of the same shape drawn from the digest: digits stay digits, letters stay letters, punctuation stays.
 * Digits begin with 0 so that the result is in no card or account range.
 */
function synthesize(value: string, digest: string): string {
  let state = Number.parseInt(digest.slice(0, 8), 16) >>> 0
  const draw = (alphabet: string): string => {
    // A linear congruential step: the seed is keyed, the sequence only has to be stable.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return alphabet.charAt(Math.floor((state / 0x1_0000_0000) * alphabet.length))
  }
  let out = ''
  let first = true
  for (const char of value) {
    if (char >= '0' && char <= '9') {
      out += first ? '0' : draw(DIGITS)
      first = false
    } else if (char >= 'a' && char <= 'z') out += draw(LOWER)
    else if (char >= 'A' && char <= 'Z') out += draw(UPPER)
    else out += char
  }
  return out
}
