/** Card numbers of many issuers and lengths, and IBANs of many countries, with valid check digits. */
import type { Draw } from '../values.ts'

const CARDS = [
  ['4', 16],
  ['4', 16],
  ['4', 13],
  ['4', 19],
  ['51', 16],
  ['53', 16],
  ['2223', 16],
  ['2720', 16],
  ['34', 15],
  ['37', 15],
  ['6011', 16],
  ['65', 16],
  ['644', 16],
  ['3528', 16],
  ['3589', 16],
  ['36', 14],
  ['38', 14],
  ['30', 14],
  ['62', 16],
  ['5018', 12],
  ['5020', 16],
  ['6304', 13],
  ['6759', 16],
  ['6390', 19],
] as const

export function cardOf(draw: Draw): string {
  const [front, length] = draw.pick(CARDS)
  const fixed = front === '30' ? `30${draw.below(6)}` : front
  const body = fixed + draw.digits(length - fixed.length - 1)
  return body + String(luhnDigit(body))
}

function luhnDigit(body: string): number {
  const sum = Array.from(body, Number)
    .toReversed()
    .reduce(
      (all, digit, i) => all + (i % 2 === 1 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2),
      0,
    )
  return (10 - (sum % 10)) % 10
}

/** `n` is a digit, `a` a letter, `c` either: the account part by country (SWIFT registry). */
const ACCOUNTS: Readonly<Record<string, string>> = {
  DE: 'n18',
  FR: 'n10c11n2',
  GB: 'a4n14',
  ES: 'n20',
  IT: 'a1n10c12',
  NL: 'a4n10',
  BE: 'n12',
  CH: 'n5c12',
  AT: 'n16',
  PL: 'n24',
  PT: 'n21',
  SE: 'n20',
  NO: 'n11',
  DK: 'n14',
  FI: 'n14',
  IE: 'a4n14',
  CZ: 'n20',
  SK: 'n20',
  HU: 'n24',
  RO: 'a4c16',
  BG: 'a4n6c8',
  GR: 'n7c16',
  HR: 'n17',
  TR: 'n6c16',
  SA: 'n2c18',
  AE: 'n19',
  IL: 'n19',
  MT: 'a4n5c18',
  LU: 'n3c13',
  BR: 'n23a1c1',
}

export function ibanOf(draw: Draw): string {
  const country = draw.pick(Object.keys(ACCOUNTS))
  const parts = (ACCOUNTS[country] ?? '').match(/[nac]\d+/g) ?? []
  const account = parts
    .map((part) => {
      const alphabet = { n: DIGITS, a: LETTERS, c: DIGITS + LETTERS }[part.charAt(0)] ?? DIGITS
      return Array.from({ length: Number(part.slice(1)) }, () =>
        alphabet.charAt(draw.below(alphabet.length)),
      ).join('')
    })
    .join('')
  const digits = Array.from(`${account}${country}00`, (char) => Number.parseInt(char, 36)).join('')
  return `${country}${String(98n - (BigInt(digits) % 97n)).padStart(2, '0')}${account}`
}

const DIGITS = '0123456789'
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
