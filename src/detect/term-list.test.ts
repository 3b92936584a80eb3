import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { matcherOptions, rulesetOf, shippedRuleset } from '../../test/harness/detectors.ts'
import { createMatcher, scanText } from './matcher.ts'
import { TermList } from './term-list.ts'

const none = rulesetOf([])
const list = (...terms: readonly string[]): TermList =>
  new TermList([{ id: 'names', entity: 'PROJECT', words: terms }])
const mask = (text: string, terms: TermList): string =>
  scanText(none, text, matcherOptions({ terms })).emit

test('Terms are found without regard to case, as whole words, also inside invisible characters', () => {
  const terms = list('Blue Heron', 'kraken')
  assert.equal(mask('blue heron and KRAKEN.', terms), '<PROJECT> and <PROJECT>.')
  assert.equal(mask('k\u200braken', terms), '<PROJECT>')
  assert.equal(
    mask('krakens, akraken, blueheron, blue herons', terms),
    'krakens, akraken, blueheron, blue herons',
  )
})

test('The longest of several terms that end together wins; a term inside a longer word-wise one is covered', () => {
  assert.equal(
    mask('operation blue heron now', list('heron', 'blue heron', 'operation blue')),
    '<PROJECT> now',
  )
})

test('A run of white space counts as one space, up to a bound, and a term may stand anywhere in a script without spaces', () => {
  const terms = list('blue heron', '機密', 'Größe')
  assert.equal(mask('Blue\u00a0 \n\theron', terms), '<PROJECT>')
  assert.equal(mask(`blue${' '.repeat(40)}heron`, terms), `blue${' '.repeat(40)}heron`)
  assert.equal(mask('これは機密です', terms), 'これは<PROJECT>です')
  assert.equal(
    mask('die GRÖSSE, die größe, Größenwahn', terms),
    'die GRÖSSE, die <PROJECT>, Größenwahn',
  )
})

test('Words of several groups are told apart, also where one lies inside the other', () => {
  const terms = new TermList([
    { id: 'one', entity: 'ONE', words: ['heron', 'shared'] },
    { id: 'two', entity: 'TWO', words: ['blue heron', 'shared'] },
  ])
  const { findings } = scanText(none, 'blue heron, shared', {
    ...matcherOptions({ terms }),
    uncovered: new Set(['one', 'two']),
  })
  assert.deepEqual(
    findings.map(({ rule, start }) => [rule, start]),
    [
      ['two', 0],
      ['one', 5],
      ['one', 12],
      ['two', 12],
    ],
  )
})

test('Empty lists and empty terms find nothing', () => {
  assert.equal(mask('anything', list()), 'anything')
  assert.equal(mask('anything', list('', '  ')), 'anything')
})

test('Any split gives what the whole gives, and what a plain search gives', () => {
  const word = fc.constantFrom('a', 'b', 'ab', 'ba', 'aab', 'abab', 'a b', 'b a')
  const words = fc.array(word, { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(
      words,
      fc.array(fc.constantFrom('a', 'b', ' ', '.'), { maxLength: 30 }),
      fc.nat(),
      (given, units, cut) => {
        const text = units.join('')
        const terms = list(...given)
        const matcher = createMatcher(none, matcherOptions({ terms }))
        const at = cut % (text.length + 1)
        const steps = [matcher.push(text.slice(0, at)), matcher.push(text.slice(at)), matcher.end()]
        const hidden = new Set<number>()
        for (const { start, end } of steps.flatMap(({ masks }) => masks))
          for (let i = start; i < end; i += 1) hidden.add(i)
        const expected = new Set<number>()
        for (const term of given) {
          const whole = new RegExp(`(?<!\\w)${term.replaceAll(' ', ' +')}(?!\\w)`, 'y')
          for (let i = 0; i < text.length; i += 1) {
            whole.lastIndex = i
            const length = whole.exec(text)?.[0].length ?? 0
            for (let j = i; j < i + length; j += 1) expected.add(j)
          }
        }
        assert.deepEqual(
          [...hidden].toSorted((a, b) => a - b),
          [...expected].toSorted((a, b) => a - b),
        )
      },
    ),
    { numRuns: 1000 },
  )
})

test('Tens of thousands of terms work beside all rules', () => {
  const many = Array.from({ length: 30_000 }, (_, i) => `customer ${(i * 7919).toString(36)} ltd`)
  const terms = new TermList([{ id: 'customers', entity: 'CUSTOMER', words: many }])
  const text = `${many[12_345]} wrote from bob@example.com about customer zzzz9 ltd`
  const step = scanText(shippedRuleset('pii'), text, matcherOptions({ terms }))
  assert.equal(step.emit, '<CUSTOMER> wrote from <EMAIL_ADDRESS> about customer zzzz9 ltd')
  assert.deepEqual(
    step.findings.map(({ rule }) => rule),
    ['customers', 'email'],
  )
})
