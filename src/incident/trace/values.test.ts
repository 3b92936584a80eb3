import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { foundValues } from './values.ts'

const MAIL = /[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}/g
const DIGITS = /(?<![\w.])\+?\d(?:[ -]?\d){7,33}(?![\w])/g
const ACCOUNT = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){8,30}(?![A-Za-z0-9])/g
const RUN = /[A-Za-z0-9_+/=-]{8,512}(?:\.[A-Za-z0-9_+/=-]{8,2048}){0,4}/g

/** The rule as the design says it. */
function isToken(run: string): boolean {
  const hasDigit = /\d/.test(run)
  if (run.length >= 12 && hasDigit && /[A-Za-z]/.test(run)) return true
  if (hasDigit && /[A-Z]/.test(run) && /[a-z]/.test(run)) return true
  return run.length >= 24 && /[A-Z]/.test(run) && /[a-z]/.test(run) && !/^[A-Za-z]+$/.test(run)
}

function specified(text: string): readonly string[] {
  const values = Array.from(text.matchAll(MAIL), ([mail]) => `mail:${mail.toLowerCase()}`)
  for (const [digits] of text.matchAll(DIGITS)) {
    values.push(`digits:${digits.replaceAll(/\D/g, '')}`)
  }
  for (const [account] of text.matchAll(ACCOUNT)) {
    values.push(`account:${account.replaceAll(' ', '')}`)
  }
  for (const [run] of text.matchAll(RUN)) {
    if (isToken(run)) values.push(`token:${run.replace(/=+$/, '')}`)
    if (!run.includes('.')) continue
    for (const part of run.split('.')) {
      if (part.length >= 8 && isToken(part)) values.push(`token:${part.replace(/=+$/, '')}`)
    }
  }
  return values
}

const found = (text: string): readonly string[] =>
  foundValues(text)
    .map(({ value, start, end }) => {
      assert.ok(start >= 0 && start < end && end <= text.length)
      return value
    })
    .toSorted()

const signs = (all: string): fc.Arbitrary<string> => fc.constantFrom(...all.split(''))

const word = fc.oneof(
  fc.string({ unit: signs('aB3=.-_@%+ é\n'), maxLength: 40 }),
  fc.string({ unit: signs('abcXYZ019'), minLength: 6, maxLength: 30 }),
  fc.string({ unit: signs('0123456789 -+'), minLength: 6, maxLength: 40 }),
  fc.string({ unit: signs('ABXY0123456789 '), minLength: 10, maxLength: 40 }),
  fc.constantFrom(
    'a'.repeat(513) + 'B1',
    'aB1'.repeat(800),
    `${'x1'.repeat(40)}@${'y'.repeat(63)}.example`,
    `eyJhbGciOi.${'B3'.repeat(1100)}.cccccccc1`,
    'who@a.b.c.d.e.f.g.h',
    '@@a@b.c@d.e',
  ),
)

test('addresses, numbers and tokens are found exactly as the design says them', () => {
  const text = fc
    .array(fc.tuple(word, fc.constantFrom('', ' ', '.', '@')), { maxLength: 12 })
    .map((parts) => parts.flat().join(''))
  fc.assert(
    fc.property(text, (written) => assert.deepEqual(found(written), specified(written).toSorted())),
    { numRuns: 500 },
  )
})

test('a value is found where it stands, and words are none', () => {
  const text =
    'Write to Ada.L@Example.com, key sk-live_4f5d0c2f9a, IBAN DE02 1203 0000 0000 2020 51.'
  assert.deepEqual(
    foundValues(text).map(({ value, start, end }) => [value, text.slice(start, end)]),
    [
      ['mail:ada.l@example.com', 'Ada.L@Example.com'],
      ['account:DE02120300000000202051', 'DE02 1203 0000 0000 2020 51'],
      ['digits:120300000000202051', '1203 0000 0000 2020 51'],
      ['token:sk-live_4f5d0c2f9a', 'sk-live_4f5d0c2f9a'],
    ],
  )
  assert.deepEqual(
    foundValues('responsibility of CamelCaseWords and snake_case_names, e.g. 1234'),
    [],
  )
})
