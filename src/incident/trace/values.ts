/** Finds the short things that identify by themselves: keys, tokens, e-mail addresses, numbers of cards, accounts and telephones. */

export interface FoundValue {
  /** As it is compared. */
  readonly value: string
  /** Half-open range in the text. */
  readonly start: number
  readonly end: number
}

const MAIL = /[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}/g
/** Digits in groups: cards, accounts, telephones. */
const DIGITS = /(?<![\w.])\+?\d(?:[ -]?\d){7,33}(?![\w])/g
/** Upper-case letters and digits in groups, as account numbers are printed. */
const ACCOUNT = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){8,30}(?![A-Za-z0-9])/g
/** What keys, hashes and tokens are made of; dots join the parts of a JWT. */
const RUN = /[A-Za-z0-9_+/=-]{8,512}(?:\.[A-Za-z0-9_+/=-]{8,2048}){0,4}/g
const UNIQUE_MAX = 20_000

export function foundValues(text: string): readonly FoundValue[] {
  const found: FoundValue[] = []
  const take = (value: string, start: number, length: number): void => {
    if (found.length < UNIQUE_MAX) found.push({ value, start, end: start + length })
  }
  for (const { 0: mail, index } of text.matchAll(MAIL)) {
    take(`mail:${mail.toLowerCase()}`, index, mail.length)
  }
  for (const { 0: digits, index } of text.matchAll(DIGITS)) {
    take(`digits:${digits.replaceAll(/\D/g, '')}`, index, digits.length)
  }
  for (const { 0: account, index } of text.matchAll(ACCOUNT)) {
    take(`account:${account.replaceAll(' ', '')}`, index, account.length)
  }
  for (const { 0: run, index } of text.matchAll(RUN)) {
    if (isToken(run)) take(`token:${run.replace(/=+$/, '')}`, index, run.length)
    if (!run.includes('.')) continue
    // A key at the end of a sentence, or one part of a longer name.
    let at = index
    for (const part of run.split('.')) {
      if (part.length >= 8 && isToken(part))
        take(`token:${part.replace(/=+$/, '')}`, at, part.length)
      at += part.length + 1
    }
  }
  return found
}

/** Letters with digits, or long and of mixed case: words and names of code are neither. */
function isToken(run: string): boolean {
  const hasDigit = /\d/.test(run)
  const hasLetter = /[A-Za-z]/.test(run)
  if (run.length >= 12 && hasDigit && hasLetter) return true
  if (hasDigit && /[A-Z]/.test(run) && /[a-z]/.test(run)) return true
  return run.length >= 24 && /[A-Z]/.test(run) && /[a-z]/.test(run) && !/^[A-Za-z]+$/.test(run)
}
