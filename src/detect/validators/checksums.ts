/** Check-digit schemes that several kinds of numbers share. */

export function digitsOf(text: string): readonly number[] {
  return Array.from(text.replaceAll(/[^0-9]/g, ''), Number)
}

export function weightedSum(digits: readonly number[], weights: readonly number[]): number {
  return weights.reduce((sum, weight, i) => sum + weight * (digits[i] ?? 0), 0)
}

export function allSame(text: string): boolean {
  return new Set(text).size <= 1
}

/** ISO/IEC 7812-1 annex B. */
export function luhn(digits: readonly number[]): boolean {
  const sum = digits.toReversed().reduce((total, digit, i) => {
    const doubled = i % 2 === 1 ? digit * 2 : digit
    return total + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return digits.length > 1 && sum % 10 === 0
}

/** Remainder of a long decimal number. */
export function remainder(digits: string, modulus: number): number {
  let rest = 0
  for (const char of digits) rest = (rest * 10 + Number(char)) % modulus
  return rest
}

/** Letters become two digits: A is 10, Z is 35 (ISO 7064 and ISO 13616). */
export function lettersToDigits(text: string): string {
  return Array.from(text, (char) => String(Number.parseInt(char, 36))).join('')
}

/** ISO 7064 MOD 11,10: the last digit is the check digit. */
export function mod11_10(digits: readonly number[]): boolean {
  let product = 10
  for (const digit of digits.slice(0, -1)) {
    const sum = (digit + product) % 10 || 10
    product = (sum * 2) % 11
  }
  return (11 - product) % 10 === digits.at(-1)
}

const VERHOEFF_PERMUTATION = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]

/** Verhoeff's scheme over the dihedral group of order ten. */
export function verhoeff(digits: readonly number[]): boolean {
  const check = digits.toReversed().reduce((state, digit, i) => {
    let value = digit
    for (let times = i % 8; times > 0; times -= 1) value = VERHOEFF_PERMUTATION[value] ?? 0
    return dihedral(state, value)
  }, 0)
  return check === 0
}

function dihedral(a: number, b: number): number {
  if (a < 5) return b < 5 ? (a + b) % 5 : 5 + ((a + b) % 5)
  return b < 5 ? 5 + ((a - b + 10) % 5) : (a - b + 10) % 5
}

/** True for a day that exists; a two-digit year is read as 2000 and later, the more generous reading in leap years. */
export function isDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  return day <= (days[month - 1] ?? 0)
}
