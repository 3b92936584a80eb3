import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lengthOf } from './node.ts'
import { parsePattern } from './parse-pattern.ts'

const refused: readonly (readonly [source: string, problem: RegExp])[] = [
  ['a(?=b)', /look-around/],
  ['(?!a)b', /look-around/],
  ['(?<=a)b', /look-around/],
  ['(?<!a)b', /look-around/],
  ['(a)\\1', /back-reference/],
  ['(?P<secret>a)(?P=secret)', /back-reference/],
  ['\\k<secret>', /back-reference/],
  ['(?>a)', /atomic/],
  ['a++', /possessive/],
  ['a**', /repeated/],
  ['*a', /nothing before/],
  ['(a', /not closed/],
  ['a)', /unexpected/],
  ['[a', /not closed/],
  ['[z-a]', /wrong way/],
  ['a{3,2}', /wrong way/],
  ['a{2000}', /above 1000/],
  ['(?P<other>a)', /only group name/],
  ['(?P<secret>a)(?P<secret>b)', /more than one/],
  ['(?:(?P<secret>a))+', /secret group/],
  ['(?:a(?P<secret>b))c', /secret group/],
  ['a|(?P<secret>b)', /secret group/],
  ['(?P<secret>a)*', /secret group/],
  ['\\p{L}', /not supported/],
  ['\\q', /not supported/],
  ['(?U)a', /not supported/],
  ['[[:nope:]]', /not known/],
]

for (const [source, problem] of refused) {
  test(`The pattern ${source} is refused with a reason`, () => {
    const parsed = parsePattern(source)
    assert.equal(parsed.kind, 'problem')
    assert.match(parsed.kind === 'problem' ? parsed.problem : '', problem)
  })
}

test('RE2 syntax in common use is accepted', () => {
  for (const source of [
    '[[:alnum:]_]+',
    '\\x41\\x{42}',
    '(?i)ab(?-i)c',
    '(?s).',
    '(?m)^a$',
    '[^\\]\\\\-]',
    'a{2}b{2,}c{2,5}?',
    '[a-]',
    '[]a]',
  ]) {
    assert.equal(parsePattern(source).kind, 'pattern', source)
  }
})

test('Shortest and longest match are known before matching', () => {
  const parsed = parsePattern('k(?:ey)?=(?P<secret>a{3,5}|b+)x{2}')
  assert.ok(parsed.kind === 'pattern')
  assert.deepEqual(lengthOf(parsed.pattern.before), { min: 2, max: 4 })
  assert.deepEqual(lengthOf(parsed.pattern.secret), { min: 1, max: Infinity })
  assert.deepEqual(lengthOf(parsed.pattern.after), { min: 2, max: 2 })
})
