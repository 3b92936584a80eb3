/** Cards and bank accounts. */
import { allSame, digitsOf, lettersToDigits, luhn, remainder, weightedSum } from './checksums.ts'

/** Issuer ranges: first and last prefix, allowed lengths. */
const ISSUERS: readonly (readonly [from: number, to: number, lengths: readonly number[]])[] = [
  [4, 4, [13, 16, 18, 19]],
  [51, 55, [16]],
  [2131, 2131, [15]],
  [2221, 2720, [16]],
  [34, 34, [15]],
  [37, 37, [15]],
  [300, 305, [14, 16]],
  [3095, 3095, [14, 16]],
  [36, 36, [14, 16]],
  [38, 39, [14, 16]],
  [6011, 6011, [16, 19]],
  [644, 649, [16, 19]],
  [65, 65, [16, 19]],
  [622126, 622925, [16, 19]],
  [3528, 3589, [16, 19]],
  [62, 62, [16, 17, 18, 19]],
  [81, 81, [16, 17, 18, 19]],
  [50, 50, [12, 13, 14, 15, 16, 17, 18, 19]],
  [56, 58, [12, 13, 14, 15, 16, 17, 18, 19]],
  [6304, 6304, [12, 13, 14, 15, 16, 17, 18, 19]],
  [636, 636, [16, 17, 18, 19]],
  [637, 638, [16]],
  [639, 639, [12, 13, 14, 15, 16, 17, 18, 19]],
  [67, 67, [12, 13, 14, 15, 16, 17, 18, 19]],
  [82, 82, [16]],
  [60, 60, [16]],
  [2200, 2204, [16, 17, 18, 19]],
  [9792, 9792, [16]],
  [4011, 4011, [16]],
  [1, 1, [15]],
]

/** ISO/IEC 7812: a known issuer, a length that it issues, and Luhn. */
export function isCard(text: string): boolean {
  const digits = digitsOf(text)
  const joined = digits.join('')
  if (allSame(joined) || !luhn(digits)) return false
  return ISSUERS.some(([from, to, lengths]) => {
    const prefix = Number(joined.slice(0, String(from).length))
    return prefix >= from && prefix <= to && lengths.includes(joined.length)
  })
}

/** Length of an IBAN by country (SWIFT IBAN registry). */
const IBAN_LENGTHS: Readonly<Record<string, number>> = {
  AD: 24,
  AE: 23,
  AL: 28,
  AT: 20,
  AZ: 28,
  BA: 20,
  BE: 16,
  BG: 22,
  BH: 22,
  BI: 27,
  BR: 29,
  BY: 28,
  CH: 21,
  CR: 22,
  CY: 28,
  CZ: 24,
  DE: 22,
  DJ: 27,
  DK: 18,
  DO: 28,
  EE: 20,
  EG: 29,
  ES: 24,
  FI: 18,
  FK: 18,
  FO: 18,
  FR: 27,
  GB: 22,
  GE: 22,
  GI: 23,
  GL: 18,
  GR: 27,
  GT: 28,
  HN: 28,
  HR: 21,
  HU: 28,
  IE: 22,
  IL: 23,
  IQ: 23,
  IS: 26,
  IT: 27,
  JO: 30,
  KW: 30,
  KZ: 20,
  LB: 28,
  LC: 32,
  LI: 21,
  LT: 20,
  LU: 20,
  LV: 21,
  LY: 25,
  MC: 27,
  MD: 24,
  ME: 22,
  MK: 19,
  MN: 20,
  MR: 27,
  MT: 31,
  MU: 30,
  NI: 28,
  NL: 18,
  NO: 15,
  OM: 23,
  PK: 24,
  PL: 28,
  PS: 29,
  PT: 25,
  QA: 29,
  RO: 24,
  RS: 22,
  RU: 33,
  SA: 24,
  SC: 31,
  SD: 18,
  SE: 24,
  SI: 19,
  SK: 24,
  SM: 27,
  SO: 23,
  ST: 25,
  SV: 28,
  TL: 23,
  TN: 24,
  TR: 26,
  UA: 29,
  VA: 22,
  VG: 24,
  XK: 20,
  YE: 30,
}

/** ISO 13616: the country's length and MOD 97-10. */
export function isIban(text: string): boolean {
  const compact = text.replaceAll(/[^A-Za-z0-9]/g, '').toUpperCase()
  if (IBAN_LENGTHS[compact.slice(0, 2)] !== compact.length) return false
  return remainder(lettersToDigits(compact.slice(4) + compact.slice(0, 4)), 97) === 1
}

/** ABA routing number: Federal Reserve ranges and weights 3-7-1. */
export function isAbaRouting(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 9) return false
  const district = (digits[0] ?? 0) * 10 + (digits[1] ?? 0)
  const known =
    district <= 12 ||
    (district >= 21 && district <= 32) ||
    (district >= 61 && district <= 72) ||
    district === 80
  return (
    known &&
    !allSame(digits.join('')) &&
    weightedSum(digits, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0
  )
}

const COUNTRIES =
  'AI AQ AS AX BL BQ BV CC CX EH FK FM GF GP GS GU HM IO KI MF MH MP MQ NF NR NU PM PN PW RE SH SJ TF TK TV UM VI WF YT AD AE AF AG AL AM AO AR AT AU AW AZ BA BB BD BE BF BG BH BI BJ BM BN BO BR BS BT BW BY BZ CA CD CF CG CH CI CL CM CN CO CR CU CV CW CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FO FR GA GB GD GE GG GH GI GL GM GN GQ GR GT GW GY HK HN HR HT HU ID IE IL IM IN IQ IR IS IT JE JM JO JP KE KG KH KM KN KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG MH MK ML MM MN MO MR MS MT MU MV MW MX MY MZ NA NC NE NG NI NL NO NP NZ OM PA PE PF PG PH PK PL PR PS PT PY QA RO RS RU RW SA SB SC SD SE SG SI SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TG TH TJ TL TM TN TO TR TT TW TZ UA UG US UY UZ VA VC VE VG VI VN VU WS XK YE ZA ZM ZW'
const COUNTRY_CODES = new Set(COUNTRIES.split(' '))

export function isCountryCode(text: string): boolean {
  return COUNTRY_CODES.has(text.toUpperCase())
}

/** ISO 9362: the country is letters five and six. */
export function isSwift(text: string): boolean {
  return /^[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?$/.test(text) && isCountryCode(text.slice(4, 6))
}

/** ISO 17442: MOD 97-10 over the twenty characters. */
export function isLei(text: string): boolean {
  return /^[A-Z0-9]{18}\d{2}$/.test(text) && remainder(lettersToDigits(text), 97) === 1
}
