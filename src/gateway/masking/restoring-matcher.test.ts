import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { matcherOptions, rulesetOf } from '../../../test/harness/detectors.ts'
import { createMatcher } from '../../detect/matcher.ts'
import { restoringMatcher } from './restoring-matcher.ts'

const RULES = rulesetOf([
  {
    id: 'mail',
    entity: 'MAIL',
    pattern: '[a-z]{1,20}@[a-z]{1,20}',
    examples: { positive: ['a@b'], negative: ['ab'] },
  },
])
const TOKEN = '<NAME_0123456789abcdef>'
const VALUES = new Map([[TOKEN, 'jane@home']])

function run(pieces: readonly string[]): { readonly out: string; readonly spliced: string } {
  const matcher = restoringMatcher(createMatcher(RULES, matcherOptions()), VALUES, 'text')
  const steps = [...pieces.map((piece) => matcher.push(piece)), matcher.end()]
  const text = pieces.join('')
  let from = 0
  let spliced = ''
  for (const { start, end, text: shown } of steps.flatMap(({ masks }) => masks)) {
    spliced += text.slice(from, start) + shown
    from = end
  }
  return { out: steps.map(({ emit }) => emit).join(''), spliced: spliced + text.slice(from) }
}

test('a token of the caller comes back, at every cut, and the masks of the rules stay', () => {
  const text = `a <b> ${TOKEN} x@y ${TOKEN}${TOKEN} <NAME_0123456789abcdee> <NAME_01`
  const whole = 'a <b> jane@home <MAIL> jane@homejane@home <NAME_0123456789abcdee> <NAME_01'
  for (let cut = 0; cut <= text.length; cut += 1) {
    const { out, spliced } = run([text.slice(0, cut), text.slice(cut)])
    assert.equal(out, whole)
    assert.equal(spliced, whole)
  }
  assert.equal(run(text.split('')).out, whole)
})

test('any text in any pieces gives what it gives at once, and the masks describe it', () => {
  const part = fc.constantFrom(TOKEN, 'x@y', '<', '<NAME', '_0', 'f>', ' ', 'ab', '>')
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), fc.array(fc.nat(40)), (parts, cuts) => {
      const text = parts.join('')
      const pieces: string[] = []
      let from = 0
      for (const cut of cuts) {
        pieces.push(text.slice(from, from + cut))
        from += cut
      }
      pieces.push(text.slice(from))
      const { out, spliced } = run(pieces)
      assert.equal(out, run([text]).out)
      assert.equal(spliced, out)
    }),
  )
})

/** The value in JSON in JSON …, as many strings deep as asked, with text around it that a follower could trip over. */
function nested(value: string, depth: number): string {
  let text = value
  for (let level = 0; level < depth; level += 1)
    text = JSON.stringify({ note: 'he said "{" \\\\', list: [text, '"'], end: '\\' })
  return text
}

test('in JSON that holds JSON a value is escaped for each string that its token lies in, at every cut', () => {
  const value = 'a "b"\n\\'
  for (const depth of [1, 2, 3, 4]) {
    const text = nested(TOKEN, depth)
    const expected = nested(value, depth)
    for (let cut = 0; cut <= text.length; cut += 1) {
      const inner = createMatcher(RULES, matcherOptions())
      const matcher = restoringMatcher(inner, new Map([[TOKEN, value]]), 'json')
      const steps = [matcher.push(text.slice(0, cut)), matcher.push(text.slice(cut)), matcher.end()]
      assert.equal(steps.map(({ emit }) => emit).join(''), expected, `${depth} deep, cut at ${cut}`)
    }
  }
})

test('a text that is JSON by itself stays JSON, at every cut, and one that only begins like it is text', () => {
  const value = 'a "b"\n\\'
  const json = ` ${JSON.stringify({ to: TOKEN, inner: nested(TOKEN, 1), n: [1, true, null] }, null, 1)}\n`
  const texts = [
    [
      json,
      ` ${JSON.stringify({ to: value, inner: nested(value, 1), n: [1, true, null] }, null, 1)}\n`,
    ],
    [`[Note] "${TOKEN}"`, `[Note] "${value}"`],
    [`{"a": 1} "${TOKEN}"`, `{"a": 1} "${value}"`],
  ] as const
  for (const [text, expected] of texts) {
    for (let cut = 0; cut <= text.length; cut += 1) {
      const inner = createMatcher(RULES, matcherOptions())
      const matcher = restoringMatcher(inner, new Map([[TOKEN, value]]), 'text')
      const steps = [matcher.push(text.slice(0, cut)), matcher.push(text.slice(cut)), matcher.end()]
      assert.equal(steps.map(({ emit }) => emit).join(''), expected, `cut at ${cut}`)
    }
  }
})
