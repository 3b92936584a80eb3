/** Finds the short things that identify by themselves: keys, tokens, e-mail addresses, numbers of cards, accounts and telephones. */
import { codesOf } from './character-codes.ts'
import { isOf, kindOf, nextRun, runEnd } from './character-runs.ts'

export interface FoundValue {
  /** As it is compared. */
  readonly value: string
  /** Half-open range in the text. */
  readonly start: number
  readonly end: number
}

const MAIL_NAME = kindOf(/[A-Za-z0-9._%+-]/)
const MAIL_NAME_MAX = 64
const MAIL_HOST = /@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}/y
/** Digits in groups: cards, accounts, telephones. */
const DIGITS = /(?<![\w.])\+?\d(?:[ -]?\d){7,33}(?![\w])/y
/** Upper-case letters and digits in groups, as account numbers are printed. */
const ACCOUNT = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){8,30}(?![A-Za-z0-9])/y
const PLUS = 0x2b
/** What keys, hashes and tokens are made of; dots join the parts of a JWT. */
const TOKEN = kindOf(/[A-Za-z0-9_+/=-]/)
const TOKEN_MIN = 8
const FIRST_PART_MAX = 512
const PART_MAX = 2048
const PARTS_MAX = 4
const DOT = 0x2e
const UNIQUE_MAX = 20_000

export function foundValues(text: string): readonly FoundValue[] {
  const found: FoundValue[] = []
  const take = (value: string, start: number, length: number): void => {
    if (found.length < UNIQUE_MAX) found.push({ value, start, end: start + length })
  }
  findMails(text, take)
  findNumbers(text, take)
  findTokens(text, take)
  return found
}

type Take = (value: string, start: number, length: number) => void

/** From the sign outwards: of most texts no character is looked at. */
function findMails(text: string, take: Take): void {
  let done = 0
  for (let sign = text.indexOf('@'); sign >= 0; sign = text.indexOf('@', sign + 1)) {
    const earliest = Math.max(done, sign - MAIL_NAME_MAX)
    let start = sign
    while (start > earliest && isOf(MAIL_NAME, text.charCodeAt(start - 1))) start -= 1
    if (start === sign) continue
    MAIL_HOST.lastIndex = sign
    const host = MAIL_HOST.exec(text)
    if (host === null) continue
    done = sign + host[0].length
    const mail = text.slice(start, done)
    take(`mail:${mail.toLowerCase()}`, start, mail.length)
  }
}

/** Patterns are tried at the first digit of a run only, where all of them have their first digit. */
function findNumbers(text: string, take: Take): void {
  const codes = codesOf(text)
  let digitsFrom = 0
  let accountFrom = 0
  for (let at = 0; at < codes.length; at += 1) {
    if (!isDigit(codes[at] ?? 0)) continue
    const plus = at > digitsFrom && codes[at - 1] === PLUS ? matchAt(DIGITS, text, at - 1) : null
    const digits = at < digitsFrom ? null : (plus ?? matchAt(DIGITS, text, at))
    if (digits !== null) {
      digitsFrom = digits.end
      take(`digits:${digits.match.replaceAll(/\D/g, '')}`, digits.start, digits.match.length)
    }
    const account = at - 2 < accountFrom ? null : matchAt(ACCOUNT, text, at - 2)
    if (account !== null) {
      accountFrom = account.end
      take(`account:${account.match.replaceAll(' ', '')}`, at - 2, account.match.length)
    }
    while (isDigit(codes[at + 1] ?? 0)) at += 1
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

interface Match {
  readonly match: string
  readonly start: number
  readonly end: number
}

function matchAt(sticky: RegExp, text: string, start: number): Match | null {
  sticky.lastIndex = start
  const found = sticky.exec(text)
  return found === null ? null : { match: found[0], start, end: start + found[0].length }
}

/** Runs of eight characters and more, up to four more of them behind dots. */
function findTokens(text: string, take: Take): void {
  for (let start = nextRun(text, TOKEN, TOKEN_MIN, 0); start >= 0;) {
    const end = tokenEnd(text, start)
    takeToken(text, start, end, take)
    start = nextRun(text, TOKEN, TOKEN_MIN, end)
  }
}

function tokenEnd(text: string, start: number): number {
  let end = runEnd(text, TOKEN, start, FIRST_PART_MAX)
  for (let parts = 0; parts < PARTS_MAX && text.charCodeAt(end) === DOT; parts += 1) {
    const next = runEnd(text, TOKEN, end + 1, PART_MAX)
    if (next - end - 1 < TOKEN_MIN) break
    end = next
  }
  return end
}

function takeToken(text: string, start: number, end: number, take: Take): void {
  if (isToken(text, start, end)) takeRun(text, start, end, take)
  // A key at the end of a sentence, or one part of a longer name.
  for (let from = start; from < end;) {
    // Not `indexOf`: where no dot follows, it would read the rest of the text for every token.
    let to = from
    while (to < end && text.charCodeAt(to) !== DOT) to += 1
    if (to === end && from === start) return
    if (to - from >= TOKEN_MIN && isToken(text, from, to)) takeRun(text, from, to, take)
    from = to + 1
  }
}

function takeRun(text: string, start: number, end: number, take: Take): void {
  take(`token:${text.slice(start, end).replace(/=+$/, '')}`, start, end - start)
}

const DIGIT = 1
const UPPER = 2
const LOWER = 4
const SIGN = 8
const KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  if (/\d/.test(character)) return DIGIT
  if (/[A-Z]/.test(character)) return UPPER
  return /[a-z]/.test(character) ? LOWER : SIGN
})
const MIXED = UPPER | LOWER
const WITH_DIGIT_MIN = 12
const WITHOUT_DIGIT_MIN = 24

/** Letters with digits, or long and of mixed case: words and names of code are neither. */
function isToken(text: string, start: number, end: number): boolean {
  let kinds = 0
  for (let at = start; at < end; at += 1) kinds |= KINDS[text.charCodeAt(at)] ?? SIGN
  const isMixed = (kinds & MIXED) === MIXED
  if ((kinds & DIGIT) !== 0) {
    return isMixed || ((kinds & MIXED) !== 0 && end - start >= WITH_DIGIT_MIN)
  }
  return isMixed && (kinds & SIGN) !== 0 && end - start >= WITHOUT_DIGIT_MIN
}
