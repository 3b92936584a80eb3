import assert from 'node:assert/strict'
import { test } from 'node:test'
import { array, assert as check, constantFrom, property } from 'fast-check'
import type { RouteRule } from './config.ts'
import { globMatches } from '../lib/glob.ts'
import { matchRetention, matchRoute } from './route-match.ts'

const rule = (name: string, match: Partial<RouteRule['match']>): RouteRule => ({
  name,
  mode: 'strict',
  retentionClass: 'default',
  match: { upstream: null, surface: null, service: null, model: null, ...match },
})
const facts = {
  upstream: 'openai',
  surface: 'openai.chat',
  service: 'payroll',
  model: 'gpt-5-mini',
}

test('the first rule whose every condition holds is the route', () => {
  const rules = [
    rule('a', { upstream: 'openai', model: 'claude-*' }),
    rule('b', { surface: 'openai.*', service: 'payroll' }),
    rule('c', { model: 'gpt-*' }),
    rule('default', {}),
  ]
  assert.equal(matchRoute(rules, facts).name, 'b')
  assert.equal(matchRoute(rules, { ...facts, service: 'x' }).name, 'c')
  assert.equal(matchRoute(rules, { ...facts, service: 'x', model: null }).name, 'default')
  assert.equal(matchRoute(rules, { ...facts, service: 'payroll2', model: 'o1' }).name, 'default')
})

test('the first class that names one of the tags is the class, and none without tags', () => {
  const kept = { minDays: 0, maxDays: null }
  const classes = [
    { ...kept, name: 'default', tags: [] },
    { ...kept, name: 'legal', tags: ['case-*', 'court'] },
    { ...kept, name: 'draft', tags: ['draft', 'case-draft'] },
  ]
  assert.equal(matchRetention(classes, ['draft']), 'draft')
  assert.equal(matchRetention(classes, ['case-draft', 'draft']), 'legal')
  assert.equal(matchRetention(classes, ['x', 'court']), 'legal')
  assert.equal(matchRetention(classes, ['courts']), null)
  assert.equal(matchRetention(classes, []), null)
})

test('rules without a default are a fault of the program', () => {
  assert.throws(() => matchRoute([rule('a', { upstream: 'x' })], facts))
})

test('globs match whole texts', () => {
  for (const [glob, text] of [
    ['*', ''],
    ['*', 'a'],
    ['a*', 'a'],
    ['*a', 'ba'],
    ['a*c', 'abbc'],
    ['a*b*c', 'a1b2b3c'],
    ['', ''],
    ['a**', 'ab'],
    ['a.b', 'a.b'],
  ] as const) {
    assert.ok(globMatches(glob, text), `${glob} ${text}`)
  }
  for (const [glob, text] of [
    ['a', 'ab'],
    ['a', 'A'],
    ['a*', 'ba'],
    ['', 'a'],
    ['a*c', 'acb'],
    ['a.b', 'axb'],
    ['*a', ''],
  ] as const) {
    assert.ok(!globMatches(glob, text), `${glob} ${text}`)
  }
})

test('a glob means the same as the regular expression it stands for', () => {
  const word = array(constantFrom('a', 'b', '*'), { maxLength: 8 }).map((letters) =>
    letters.join(''),
  )
  check(
    property(word, word, (glob, text) => {
      const expected = new RegExp(`^${glob.replaceAll(/\*+/g, '.*')}$`).test(text)
      assert.equal(globMatches(glob, text), expected)
    }),
  )
})

test('a hostile glob does not blow up', () => {
  assert.equal(globMatches('*a'.repeat(1000), `${'a'.repeat(5000)}b`), false)
})
