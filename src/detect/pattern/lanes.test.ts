import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ACCEPTS, Automaton, AUTOMATON_LIMITS, HELD } from './automaton.ts'
import { Lanes } from './lanes.ts'
import type { Pattern } from './node.ts'
import { parsePattern } from './parse-pattern.ts'

function patternOf(source: string): Pattern {
  const parsed = parsePattern(source)
  return parsed.kind === 'pattern' ? parsed.pattern : assert.fail(parsed.problem)
}

const WORDS = ['ab', 'ba', 'aab', 'bab', 'abba', 'baab', 'aaa', 'bbb']
/** Of 72 rules, 64 wait for their value. */
const PATTERNS = [
  ...WORDS.map((word) => patternOf(`x${word}(?P<secret>[0-9]{8})`)),
  ...WORDS.flatMap((word) =>
    WORDS.map((other) => patternOf(`${word}c${other}[a-z ]{0,24}=(?P<secret>[0-9]{8})`)),
  ),
]

/** After each unit: the rules that end there, and whether something is held. */
function seen(automata: readonly Automaton[], text: string): readonly string[] {
  const values = automata.map((automaton) => automaton.resume(automaton.start()))
  return Array.from({ length: text.length }, (_, at) => {
    const ended: number[] = []
    let held = false
    automata.forEach((automaton, lane) => {
      const cls = automaton.classOf[text.charCodeAt(at)] ?? 0
      const value = automaton.step(values[lane] ?? 0, cls)
      values[lane] = value
      held ||= (value & HELD) !== 0
      if ((value & ACCEPTS) !== 0) ended.push(...automaton.accepts(value))
    })
    return `${held ? 'held ' : ''}${ended.toSorted((a, b) => a - b).join()}`
  })
}

const texts = fc.string({
  unit: fc.constantFrom('a', 'b', 'c', 'x', ' ', '=', '1'),
  maxLength: 200,
})

test('lanes see of any text what one automaton of all rules sees', () => {
  const lanes = new Lanes(PATTERNS, AUTOMATON_LIMITS)
  const one = [new Automaton(PATTERNS, AUTOMATON_LIMITS)]
  assert.equal(lanes.automata.length, 3)
  fc.assert(
    fc.property(texts, (text) => {
      assert.deepEqual(seen(lanes.automata, text), seen(one, text))
    }),
    { numRuns: 300 },
  )
  const text = 'xab12345678 abcba then=12345678'
  assert.deepEqual(seen(lanes.automata, text), seen(one, text))
  assert.equal(new Set(seen(lanes.automata, text)).size, 4)
})

test('rules that wait for their value need fewer states in lanes than in one automaton', () => {
  const lanes = new Lanes(PATTERNS, AUTOMATON_LIMITS)
  const one = new Automaton(PATTERNS, AUTOMATON_LIMITS)
  const names = WORDS.flatMap((word) => WORDS.map((other) => `${word}c${other} `))
  for (const first of names) {
    for (const second of names) {
      seen(lanes.automata, first + second)
      seen([one], first + second)
    }
  }
  assert.ok(lanes.states < one.states, `${lanes.states} and ${one.states} states`)
})

test('few rules stay in one automaton, and all lanes together keep to the budget', () => {
  assert.equal(new Lanes(PATTERNS.slice(0, 20), AUTOMATON_LIMITS).automata.length, 1)
  const { instructions } = new Lanes(PATTERNS, AUTOMATON_LIMITS)
  const budget = { ...AUTOMATON_LIMITS, instructionsMax: instructions }
  assert.equal(new Lanes(PATTERNS, budget).instructions, instructions)
  assert.throws(() => new Lanes(PATTERNS, { ...budget, instructionsMax: instructions - 40 }))
})
