/** Numbers of patients and prescribers. */
import { allSame, digitsOf, luhn, weightedSum } from './checksums.ts'

/** NHS number: weights 10 to 2, modulo 11. */
export function isNhs(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 10 || allSame(digits.join(''))) return false
  const check = 11 - (weightedSum(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)
  return (check === 11 ? 0 : check) === digits[9]
}

/** National Provider Identifier: Luhn with the health prefix 80840. */
export function isNpi(text: string): boolean {
  const digits = digitsOf(text)
  const first = digits[0]
  return digits.length === 10 && (first === 1 || first === 2) && luhn([8, 0, 8, 4, 0, ...digits])
}

/** Medicare Beneficiary Identifier: the letters S, L, O, I, B and Z are never used. */
export function isMbi(text: string): boolean {
  const letter = '[AC-HJKMNP-RT-Y]'
  const either = '[0-9AC-HJKMNP-RT-Y]'
  const shape = `^[1-9]${letter}${either}\\d${letter}${either}\\d${letter}{2}\\d{2}$`
  return new RegExp(shape).test(text.replaceAll(/[- ]/g, ''))
}

/** DEA registration: odd places plus twice the even places, last digit. */
export function isDea(text: string): boolean {
  const digits = digitsOf(text)
  if (!/^[A-HJ-NPR-UX][A-Z9]\d{7}$/.test(text) || digits.length < 7) return false
  const own = digits.slice(-7)
  return weightedSum(own, [1, 2, 1, 2, 1, 2]) % 10 === own[6] && !allSame(own.join(''))
}
