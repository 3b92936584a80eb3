/** National identity and tax numbers outside Europe, each with its real check. */
import { allSame, digitsOf, isDate, luhn, verhoeff, weightedSum } from './checksums.ts'

const compact = (text: string): string => text.replaceAll(/[\s./()-]/g, '').toUpperCase()

const at = (digits: readonly number[], from: number, length: number): number =>
  Number(digits.slice(from, from + length).join(''))

/** Numbers that the Social Security Administration printed on samples and advertisements. */
const SAMPLE_SSN = new Set(['078051120', '219099999', '457555462'])

/** United States: areas 000, 666 and 900 and above, group 00 and serial 0000 were never issued. */
export function isUsSsn(text: string): boolean {
  const digits = digitsOf(text)
  const area = at(digits, 0, 3)
  if (digits.length !== 9 || area === 0 || area === 666 || area >= 900) return false
  return at(digits, 3, 2) !== 0 && at(digits, 5, 4) !== 0 && !SAMPLE_SSN.has(digits.join(''))
}

/** United States, ITIN: starts with 9, fourth and fifth digit in the issued ranges. */
export function isUsItin(text: string): boolean {
  const digits = digitsOf(text)
  const group = at(digits, 3, 2)
  const issued =
    (group >= 50 && group <= 65) ||
    (group >= 70 && group <= 88) ||
    (group >= 90 && group <= 92) ||
    group >= 94
  return digits.length === 9 && digits[0] === 9 && issued
}

/** Canada, SIN: Luhn; 0 and 8 are not issued to persons. */
export function isCaSin(text: string): boolean {
  const digits = digitsOf(text)
  return (
    digits.length === 9 &&
    digits[0] !== 0 &&
    digits[0] !== 8 &&
    !allSame(digits.join('')) &&
    luhn(digits)
  )
}

/** Australia, TFN: modulo 11. */
export function isAuTfn(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 9 || allSame(digits.join(''))) return false
  return weightedSum(digits, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0
}

/** Australia, ABN: one off the first digit, modulo 89. */
export function isAuAbn(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 11 || digits[0] === 0) return false
  return (weightedSum(digits, [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) - 10) % 89 === 0
}

/** Australia, ACN: weights 8 to 1, modulo 10. */
export function isAuAcn(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 9 || allSame(digits.join(''))) return false
  return (10 - (weightedSum(digits, [8, 7, 6, 5, 4, 3, 2, 1]) % 10)) % 10 === digits[8]
}

/** Australia, Medicare: first digit 2 to 6, weights 1-3-7-9. */
export function isAuMedicare(text: string): boolean {
  const digits = digitsOf(text)
  const first = digits[0] ?? 0
  if (digits.length < 10 || digits.length > 11 || first < 2 || first > 6) return false
  return weightedSum(digits, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === digits[8]
}

const elevenMinus = (sum: number): number => (sum % 11 < 2 ? 0 : 11 - (sum % 11))

/** Brazil, CPF: two check digits modulo 11. */
export function isBrCpf(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 11 || allSame(digits.join(''))) return false
  return (
    elevenMinus(weightedSum(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2])) === digits[9] &&
    elevenMinus(weightedSum(digits, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2])) === digits[10]
  )
}

/** Brazil, CNPJ: two check digits modulo 11. */
export function isBrCnpj(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 14 || allSame(digits.join(''))) return false
  return (
    elevenMinus(weightedSum(digits, [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])) === digits[12] &&
    elevenMinus(weightedSum(digits, [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])) === digits[13]
  )
}

/** Brazil, PIS/PASEP. */
export function isBrPis(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 11 || allSame(digits.join(''))) return false
  return elevenMinus(weightedSum(digits, [3, 2, 9, 8, 7, 6, 5, 4, 3, 2])) === digits[10]
}

/** India, Aadhaar: Verhoeff; does not begin with 0 or 1. */
export function isInAadhaar(text: string): boolean {
  const digits = digitsOf(text)
  return (
    digits.length === 12 && (digits[0] ?? 0) > 1 && !allSame(digits.join('')) && verhoeff(digits)
  )
}

/** India, PAN: the fourth letter is the kind of holder. */
export function isInPan(text: string): boolean {
  return /^[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]$/.test(text.toUpperCase())
}

/** India, GSTIN: base 36 with doubled even places. */
export function isInGstin(text: string): boolean {
  const value = text.toUpperCase()
  if (!/^\d{2}[A-Z]{5}\d{4}[A-Z][1-9A-Z]Z[0-9A-Z]$/.test(value)) return false
  let sum = 0
  for (let i = 0; i < 14; i += 1) {
    const product = Number.parseInt(value.charAt(i), 36) * (i % 2 === 0 ? 1 : 2)
    sum += Math.floor(product / 36) + (product % 36)
  }
  return (36 - (sum % 36)) % 36 === Number.parseInt(value.charAt(14), 36)
}

/** Singapore, NRIC and FIN: letter by weighted sum; the series shifts it. */
export function isSgNric(text: string): boolean {
  const value = text.toUpperCase()
  if (!/^[STFGM]\d{7}[A-Z]$/.test(value)) return false
  const series = value.charAt(0)
  const shift = series === 'T' || series === 'G' ? 4 : series === 'M' ? 3 : 0
  const rest = (weightedSum(digitsOf(value), [2, 7, 6, 5, 4, 3, 2]) + shift) % 11
  if (series === 'M') return 'KLJNPQRTUWX'.charAt(10 - rest) === value.charAt(8)
  const letters = series === 'S' || series === 'T' ? 'JZIHGFEDCBA' : 'XWUTRQPNMLK'
  return letters.charAt(rest) === value.charAt(8)
}

/** South Korea, RRN: birth date, modulo 11. */
export function isKrRrn(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 13 || !isDate(2000, at(digits, 2, 2), at(digits, 4, 2))) return false
  const sum = weightedSum(digits, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5])
  return (11 - (sum % 11)) % 10 === digits[12]
}

/** Japan, My Number: modulo 11. */
export function isJpMyNumber(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 12 || allSame(digits.join(''))) return false
  const rest = weightedSum(digits, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11
  return (rest <= 1 ? 0 : 11 - rest) === digits[11]
}

/** China, resident identity number: birth date and ISO 7064 MOD 11-2. */
export function isCnResidentId(text: string): boolean {
  const value = text.toUpperCase()
  if (!/^[1-9]\d{16}[\dX]$/.test(value)) return false
  const digits = digitsOf(value)
  if (at(digits, 6, 4) < 1880 || !isDate(at(digits, 6, 4), at(digits, 10, 2), at(digits, 12, 2)))
    return false
  const sum = weightedSum(digits, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
  return '10X98765432'.charAt(sum % 11) === value.charAt(17)
}

/** Taiwan, national id and resident certificate: the letter is two digits. */
export function isTwNationalId(text: string): boolean {
  const value = text.toUpperCase()
  if (!/^[A-Z][1289]\d{8}$/.test(value)) return false
  const number = 'ABCDEFGHJKLMNPQRSTUVXYWZIO'.indexOf(value.charAt(0)) + 10
  const digits = [Math.floor(number / 10), number % 10, ...digitsOf(value)]
  return weightedSum(digits, [1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1]) % 10 === 0
}

/** Hong Kong, HKID: modulo 11 with letters as numbers. */
export function isHkId(text: string): boolean {
  const value = compact(text)
  const found = /^([A-Z]{1,2})(\d{6})([\dA])$/.exec(value)
  if (found === null) return false
  const letters = (found[1] ?? '').padStart(2, ' ')
  const head = Array.from(letters, (char) => (char === ' ' ? 36 : char.charCodeAt(0) - 55))
  const check = found[3] === 'A' ? 10 : Number(found[3])
  return (
    (weightedSum([...head, ...digitsOf(found[2] ?? '')], [9, 8, 7, 6, 5, 4, 3, 2]) + check) % 11 ===
    0
  )
}

/** South Africa: birth date, citizenship digit, Luhn. */
export function isZaId(text: string): boolean {
  const digits = digitsOf(text)
  return (
    digits.length === 13 &&
    isDate(2000, at(digits, 2, 2), at(digits, 4, 2)) &&
    (digits[10] ?? 9) <= 2 &&
    luhn(digits)
  )
}

/** Israel: Luhn over nine digits. */
export function isIlId(text: string): boolean {
  const digits = digitsOf(text)
  return digits.length === 9 && !allSame(digits.join('')) && luhn(digits)
}

/** Thailand: weights 13 to 2, modulo 11. */
export function isThId(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 13 || digits[0] === 0) return false
  const sum = weightedSum(digits, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
  return (11 - (sum % 11)) % 10 === digits[12]
}

/** Mexico, CURP: check digit over a 37-letter alphabet. */
export function isMxCurp(text: string): boolean {
  const value = text.toUpperCase()
  if (!/^[A-Z]{4}\d{6}[HMX][A-Z]{5}[0-9A-Z]\d$/.test(value)) return false
  const digits = digitsOf(value.slice(4, 10))
  if (!isDate(2000, at(digits, 2, 2), at(digits, 4, 2))) return false
  const alphabet = '0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ'
  let sum = 0
  for (let i = 0; i < 17; i += 1) sum += alphabet.indexOf(value.charAt(i)) * (18 - i)
  return (10 - (sum % 10)) % 10 === Number(value.charAt(17))
}

/** Chile, RUT: weights 2 to 7 from the right, modulo 11, K for ten. */
export function isClRut(text: string): boolean {
  const value = compact(text)
  if (!/^\d{7,8}[\dK]$/.test(value) || allSame(value.slice(0, -1))) return false
  const sum = digitsOf(value.slice(0, -1))
    .toReversed()
    .reduce((total, digit, i) => total + digit * (2 + (i % 6)), 0)
  return '0K987654321'.charAt(sum % 11) === value.slice(-1)
}

/** Argentina, CUIT and CUIL: kind prefix, modulo 11. */
export function isArCuit(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 11 || ![20, 23, 24, 25, 26, 27, 30, 33, 34].includes(at(digits, 0, 2)))
    return false
  const rest = weightedSum(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11
  return (rest === 0 ? 0 : rest === 1 ? 9 : 11 - rest) === digits[10]
}

/** Malaysia, MyKad: birth date and a place code that is in use. */
export function isMyKad(text: string): boolean {
  const digits = digitsOf(text)
  const place = at(digits, 6, 2)
  const unused =
    place === 0 ||
    (place >= 17 && place <= 20) ||
    (place >= 69 && place <= 70) ||
    place === 73 ||
    place === 80 ||
    place === 81 ||
    (place >= 94 && place <= 97)
  return digits.length === 12 && isDate(2000, at(digits, 2, 2), at(digits, 4, 2)) && !unused
}
