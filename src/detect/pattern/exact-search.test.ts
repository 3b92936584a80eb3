import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ExactSearch } from './exact-search.ts'
import type { Match } from './exact-search.ts'
import { parsePattern } from './parse-pattern.ts'
import { OverBudget } from './program.ts'

function search(source: string, text: string): Match | null {
  const parsed = parsePattern(source)
  assert.ok(parsed.kind === 'pattern', parsed.kind === 'problem' ? parsed.problem : '')
  const exact = new ExactSearch(parsed.pattern, 10_000)
  return exact.find({ text, from: 0, to: text.length, atStart: true, final: true })
}

/** The same with the backtracking engine of the language, which shares no code with ours. */
function native(source: string, text: string): readonly [number, number] | null {
  const found = new RegExp(source.replaceAll('(?P<', '(?<')).exec(text)
  return found === null ? null : [found.index, found.index + found[0].length]
}

const atom = fc.constantFrom(
  'a',
  'b',
  '[ab]',
  '[^a]',
  '.',
  '\\d',
  '\\w',
  '\\b',
  '^',
  '$',
  'ab',
  '\\.',
  '1',
)
const repeat = fc.constantFrom(
  '',
  '*',
  '+',
  '?',
  '*?',
  '+?',
  '??',
  '{2}',
  '{1,3}',
  '{0,2}?',
  '{2,}',
)
const piece = fc
  .tuple(atom, repeat)
  .map(([a, r]) => (/^(?:\\b|\^|\$)$/.test(a) ? a : `(?:${a})${r}`))
const sequence = fc.array(piece, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''))
// A repeated group consumes something: engines differ on empty rounds of a loop, and rules have none.
const pattern = fc
  .array(sequence, { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('|'))
  .chain((one) => fc.constantFrom(one, `(?:[ab](?:${one}))+`, `x?(?:${one})b*`))
const text = fc
  .array(fc.constantFrom('a', 'b', '1', '.', ' ', 'x'), { maxLength: 12 })
  .map((cs) => cs.join(''))

test('A search finds the same leftmost match as the engine of the language', () => {
  fc.assert(
    fc.property(pattern, text, (source, input) => {
      const found = search(source, input)
      const expected = native(source, input)
      assert.deepEqual(found === null ? null : [found.start, found.end], expected)
    }),
    { numRuns: 3000 },
  )
})

test('Where only a match that starts early is asked for, a later one is none', () => {
  fc.assert(
    fc.property(pattern, text, fc.nat(12), (source, input, startsBefore) => {
      const parsed = parsePattern(source)
      assert.ok(parsed.kind === 'pattern')
      const exact = new ExactSearch(parsed.pattern, 10_000)
      const region = { text: input, from: 0, to: input.length, atStart: true, final: true }
      const found = exact.find(region)
      const early = found !== null && found.start < startsBefore ? found : null
      assert.deepEqual(exact.find({ ...region, startsBefore }), early)
    }),
    { numRuns: 2000 },
  )
})

test('The secret group is reported apart from its context', () => {
  const found = search('key=(?P<secret>[a-z]+);', 'a key=abc; key=d;')
  assert.deepEqual(found, {
    start: 2,
    end: 10,
    secretStart: 6,
    secretEnd: 9,
    open: false,
  })
})

test('Case is ignored where a flag says so, and only there', () => {
  assert.ok(search('(?i:KEY)=(?P<secret>[a-z]+)', 'Key=abc'))
  assert.equal(search('(?i:KEY)=(?P<secret>[a-z]+)', 'Key=ABC'), null)
  assert.ok(search('(?i)key=abc', 'KEY=ABC'))
})

test('A boundary at the end of an unfinished text is undecided, so there is no match yet', () => {
  const parsed = parsePattern('ab\\b')
  assert.ok(parsed.kind === 'pattern')
  const exact = new ExactSearch(parsed.pattern, 100)
  const region = { text: 'ab', from: 0, to: 2, atStart: true }
  assert.equal(exact.find({ ...region, final: false }), null)
  assert.ok(exact.find({ ...region, final: true }))
})

test('A pattern that needs too many instructions is over budget', () => {
  const parsed = parsePattern('(?:(?:[a-z]{900}){900}){900}')
  assert.ok(parsed.kind === 'pattern')
  assert.throws(() => new ExactSearch(parsed.pattern, 10_000), OverBudget)
})

test('Patterns that make backtracking engines explode cost a bounded number of steps per character', () => {
  for (const source of [
    '(?:a+)+b',
    '(?:a|aa)+b',
    '(?:a*)*b',
    '(?:[a-z]+\\d?)+$x',
    '(?:a?){30}a{30}b',
  ]) {
    const parsed = parsePattern(source)
    assert.ok(parsed.kind === 'pattern')
    const cost = (length: number): number => {
      const exact = new ExactSearch(parsed.pattern, 10_000)
      const input = 'a'.repeat(length)
      exact.find({ text: input, from: 0, to: length, atStart: true, final: true })
      return exact.work / length
    }
    assert.ok(cost(8000) <= cost(1000) * 1.1, source)
  }
})
