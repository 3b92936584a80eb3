/** National identity, tax and insurance numbers of Europe, each with its real check. */
import { allSame, digitsOf, isDate, luhn, mod11_10, remainder, weightedSum } from './checksums.ts'

const compact = (text: string): string => text.replaceAll(/[\s./-]/g, '').toUpperCase()

const at = (digits: readonly number[], from: number, length: number): number =>
  Number(digits.slice(from, from + length).join(''))

/** United Kingdom: prefixes that were never issued are refused. */
export function isUkNino(text: string): boolean {
  const value = compact(text)
  if (!/^[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]$/.test(value)) return false
  return !['BG', 'GB', 'KN', 'NK', 'NT', 'TN', 'ZZ'].includes(value.slice(0, 2))
}

/** Germany, tax id: MOD 11,10; one digit occurs twice or three times among the first ten. */
export function isDeTaxId(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 11 || digits[0] === 0) return false
  const distinct = new Set(digits.slice(0, 10)).size
  return (distinct === 9 || distinct === 8) && mod11_10(digits)
}

/** Germany, pension insurance: area, birth date, letter as two digits, weights with digit sums. */
export function isDeSocialSecurity(text: string): boolean {
  const value = compact(text)
  if (!/^\d{8}[A-Z]\d{3}$/.test(value)) return false
  const letter = String(value.charCodeAt(8) - 64).padStart(2, '0')
  const digits = digitsOf(value.slice(0, 8) + letter + value.slice(9))
  const day = at(digits, 2, 2)
  if (!isDate(2000, at(digits, 4, 2), day > 50 ? day - 50 : day)) return false
  const weights = [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1]
  const sum = weights.reduce((total, weight, i) => {
    const product = weight * (digits[i] ?? 0)
    return total + Math.floor(product / 10) + (product % 10)
  }, 0)
  return sum % 10 === digits[12]
}

const SPANISH_LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE'

/** Spain, NIF and NIE: letter of the number modulo 23. */
export function isEsNif(text: string): boolean {
  const value = compact(text)
  if (!/^[XYZ\d]\d{7}[A-Z]$/.test(value)) return false
  const number = Number(value.slice(0, 8).replace('X', '0').replace('Y', '1').replace('Z', '2'))
  return SPANISH_LETTERS.charAt(number % 23) === value.charAt(8)
}

/** Italy, codice fiscale: odd places by table, even places by value, modulo 26. */
export function isItFiscalCode(text: string): boolean {
  const value = compact(text)
  if (!/^[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPR-T][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]$/.test(value))
    return false
  const odd = [
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
  ]
  let sum = 0
  for (let i = 0; i < 15; i += 1) {
    const char = value.charAt(i)
    const ordinal = char <= '9' ? Number(char) : char.charCodeAt(0) - 65
    sum += i % 2 === 0 ? (odd[ordinal] ?? 0) : ordinal
  }
  return String.fromCharCode(65 + (sum % 26)) === value.charAt(15)
}

/** Italy, partita IVA: Luhn. */
export function isItVat(text: string): boolean {
  const digits = digitsOf(text)
  return digits.length === 11 && !allSame(digits.join('')) && luhn(digits)
}

/** France, NIR: 97 minus the number modulo 97; Corsica counts as 19 and 18. */
export function isFrNir(text: string): boolean {
  const value = compact(text).replace('2A', '19').replace('2B', '18')
  if (!/^[12378]\d{14}$/.test(value)) return false
  const month = Number(value.slice(3, 5))
  if (month === 0 || (month > 12 && month < 20) || (month > 42 && month < 50)) return false
  return 97 - remainder(value.slice(0, 13), 97) === Number(value.slice(13))
}

/** Netherlands, BSN: the eleven test. */
export function isNlBsn(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 9 || allSame(digits.join(''))) return false
  return weightedSum(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0
}

/** Belgium, national number: 97 minus the number modulo 97; a 2 goes in front for births since 2000. */
export function isBeNationalNumber(text: string): boolean {
  const value = digitsOf(text).join('')
  if (value.length !== 11 || Number(value.slice(2, 4)) > 12 || Number(value.slice(4, 6)) > 31)
    return false
  const check = Number(value.slice(9))
  const number = value.slice(0, 9)
  return 97 - remainder(number, 97) === check || 97 - remainder(`2${number}`, 97) === check
}

/** Poland, PESEL: weights 1-3-7-9; the month carries the century. */
export function isPlPesel(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 11 || !isDate(2000, at(digits, 2, 2) % 20, at(digits, 4, 2))) return false
  return weightedSum(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0
}

/** Poland, NIP: modulo 11; a remainder of ten is never issued. */
export function isPlNip(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 10 || allSame(digits.join(''))) return false
  return weightedSum(digits, [6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 === digits[9]
}

/** Sweden: Luhn over the last ten digits; coordination numbers add sixty to the day. */
export function isSePersonnummer(text: string): boolean {
  const digits = digitsOf(text).slice(-10)
  const day = at(digits, 4, 2)
  return (
    digits.length === 10 &&
    isDate(2000, at(digits, 2, 2), day > 60 ? day - 60 : day) &&
    luhn(digits)
  )
}

/** Norway, fødselsnummer: two check digits modulo 11; D-numbers add forty to the day. */
export function isNoFodselsnummer(text: string): boolean {
  const digits = digitsOf(text)
  const day = at(digits, 0, 2)
  if (digits.length !== 11 || !isDate(2000, at(digits, 2, 2) % 40, day > 40 ? day - 40 : day))
    return false
  return (
    weightedSum(digits, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 === 0 &&
    weightedSum(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0
  )
}

/** Denmark, CPR: a date; the modulo 11 check ended in 2007. */
export function isDkCpr(text: string): boolean {
  const digits = digitsOf(text)
  return digits.length === 10 && isDate(2000, at(digits, 2, 2), at(digits, 0, 2))
}

/** Finland: the letter is the nine digits modulo 31. */
export function isFiHetu(text: string): boolean {
  const value = text.toUpperCase()
  if (!/^\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]$/.test(value)) return false
  const digits = digitsOf(value.slice(0, 6))
  if (!isDate(2000, at(digits, 2, 2), at(digits, 0, 2))) return false
  const number = Number(value.slice(0, 6) + value.slice(7, 10))
  return '0123456789ABCDEFHJKLMNPRSTUVWXY'.charAt(number % 31) === value.charAt(10)
}

/** Portugal, NIF: weights 9 to 2, modulo 11. */
export function isPtNif(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 9 || !'1235689'.includes(String(digits[0])) || allSame(digits.join('')))
    return false
  const check = 11 - (weightedSum(digits, [9, 8, 7, 6, 5, 4, 3, 2]) % 11)
  return (check > 9 ? 0 : check) === digits[8]
}

/** Romania, CNP: sex and century, date, county, modulo 11. */
export function isRoCnp(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 13 || digits[0] === 0 || !isDate(2000, at(digits, 3, 2), at(digits, 5, 2)))
    return false
  const rest = weightedSum(digits, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11
  return (rest === 10 ? 1 : rest) === digits[12]
}

/** Bulgaria, EGN: weights are powers of two modulo 11. */
export function isBgEgn(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 10 || !isDate(2000, at(digits, 2, 2) % 20, at(digits, 4, 2))) return false
  return (weightedSum(digits, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10 === digits[9]
}

/** Czechia and Slovakia, rodné číslo since 1954: divisible by eleven; women add fifty to the month. */
export function isCzBirthNumber(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 10 || !isDate(2000, (at(digits, 2, 2) % 50) % 20, at(digits, 4, 2)))
    return false
  // A remainder of ten was written as zero until 1985.
  return remainder(digits.join(''), 11) === 0 || (digits[9] === 0 && at(digits, 0, 9) % 11 === 10)
}

/** Estonia and Lithuania: two rounds of weights modulo 11. */
export function isBalticPersonalCode(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 11 || digits[0] === 0 || (digits[0] ?? 9) > 8) return false
  if (!isDate(2000, at(digits, 3, 2), at(digits, 5, 2))) return false
  const first = weightedSum(digits, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11
  const second = weightedSum(digits, [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11
  return (first < 10 ? first : second % 10) === digits[10]
}

/** Croatia, OIB: MOD 11,10. */
export function isHrOib(text: string): boolean {
  const digits = digitsOf(text)
  return digits.length === 11 && !allSame(digits.join('')) && mod11_10(digits)
}

/** Switzerland, AHV number: the country prefix 756 and the EAN-13 check. */
export function isChAhv(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 13 || at(digits, 0, 3) !== 756) return false
  return weightedSum(digits, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 === 0
}

/** Austria, social insurance number: the fourth digit is the check, then the birth date. */
export function isAtSocialSecurity(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 10 || digits[0] === 0 || at(digits, 6, 2) > 15) return false
  return weightedSum(digits, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 === digits[3]
}

/** Ireland, PPS number: modulo 23, a ninth letter counts nine times. */
export function isIePps(text: string): boolean {
  const value = compact(text)
  if (!/^\d{7}[A-W][A-IW]?$/.test(value)) return false
  const extra = value.charAt(8)
  const extraValue = extra === '' || extra === 'W' ? 0 : extra.charCodeAt(0) - 64
  const sum = weightedSum(digitsOf(value.slice(0, 7)), [8, 7, 6, 5, 4, 3, 2]) + extraValue * 9
  return 'WABCDEFGHIJKLMNOPQRSTUV'.charAt(sum % 23) === value.charAt(7)
}

/** Greece, AMKA: a birth date and Luhn. */
export function isGrAmka(text: string): boolean {
  const digits = digitsOf(text)
  return digits.length === 11 && isDate(2000, at(digits, 2, 2), at(digits, 0, 2)) && luhn(digits)
}

/** Türkiye: two check digits. */
export function isTrIdentity(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 11 || digits[0] === 0) return false
  const odd = weightedSum(digits, [1, 0, 1, 0, 1, 0, 1, 0, 1])
  const even = weightedSum(digits, [0, 1, 0, 1, 0, 1, 0, 1])
  const tenth = (((odd * 7 - even) % 10) + 10) % 10
  const sum = digits.slice(0, 10).reduce((a, b) => a + b, 0)
  return tenth === digits[9] && sum % 10 === digits[10]
}
