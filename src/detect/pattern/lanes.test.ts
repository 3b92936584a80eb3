import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ACCEPTS, Automaton, AUTOMATON_LIMITS, HELD } from './automaton.ts'
import { RuleFollower } from '../rule-follower.ts'
import { View } from '../view.ts'
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

interface Seen {
  readonly held: readonly boolean[]
  /** `unit:rule`. */
  readonly ended: ReadonlySet<string>
}

/** After each unit: whether something is held, and the rules that end there. */
function seenBy(automaton: Automaton, text: string): Seen {
  const held: boolean[] = []
  const ended = new Set<string>()
  let value = automaton.resume(automaton.start())
  for (let at = 0; at < text.length; at += 1) {
    value = automaton.step(value, automaton.classOf[text.charCodeAt(at)] ?? 0)
    held.push((value & HELD) !== 0)
    for (const rule of (value & ACCEPTS) === 0 ? [] : automaton.accepts(value))
      ended.add(`${at}:${rule}`)
  }
  return { held, ended }
}

/** The same, as a follower says it of a text that comes in pieces. */
function seenByLanes(lanes: Lanes, pieces: readonly string[]): Seen {
  const view = new View()
  const follower = new RuleFollower(lanes, view)
  const held: boolean[] = []
  const ended = new Set<string>()
  for (const piece of pieces) {
    const start = view.end
    const synced = (to: number): void => view.appendPlain(piece.slice(view.end - start, to - start))
    follower.resume()
    for (let from = 0; from < piece.length;) {
      const at = start + from
      const units = follower.take(piece, from, at, synced)
      synced(at + units)
      for (let unit = 0; unit < units; unit += 1) {
        held.push(((follower.held[unit] ?? 0) & HELD) !== 0)
        for (const rule of follower.ended.get(unit) ?? []) ended.add(`${at + unit}:${rule}`)
      }
      from += units
    }
    follower.save()
  }
  return { held, ended }
}

const texts = fc.array(
  fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'x', ' ', '=', '1'), maxLength: 30 }),
    fc.constantFrom('abcba', 'baabcaab then=12345678', 'xab12345678', '=123'),
  ),
  { maxLength: 12 },
)

test('lanes see everything that rules find and nothing that one relaxed automaton does not, however a text is cut', () => {
  const lanes = new Lanes(PATTERNS, AUTOMATON_LIMITS)
  const exact = new Automaton(PATTERNS, AUTOMATON_LIMITS, { exact: true })
  const relaxed = new Automaton(PATTERNS, AUTOMATON_LIMITS)
  assert.equal(lanes.automata.length, 4)
  const check = (pieces: readonly string[]): void => {
    const text = pieces.join('')
    const [least, most] = [seenBy(exact, text), seenBy(relaxed, text)]
    const seen = seenByLanes(lanes, pieces)
    assert.deepEqual(seen, seenByLanes(lanes, [text]))
    for (const one of least.ended) assert.ok(seen.ended.has(one), `${one} of ${text}`)
    for (const one of seen.ended) assert.ok(most.ended.has(one), `${one} of ${text}`)
    seen.held.forEach((isHeld, at) => {
      assert.ok(isHeld || least.held[at] === false, `unit ${at} of ${text} is not held`)
      assert.ok(!isHeld || most.held[at] === true, `unit ${at} of ${text} is held`)
    })
  }
  fc.assert(fc.property(texts, check), { numRuns: 300 })
  check(['xab12345678 abcba then=12345678'])
  assert.equal(seenByLanes(lanes, ['xab12345678 abcba then=12345678']).ended.size, 2)
})

test('a lane rests again when what it waits for can no longer come, and runs again when a rule begins', () => {
  const lanes = new Lanes(PATTERNS, AUTOMATON_LIMITS)
  const late = `abcba${' '.repeat(60)}=12345678`
  const relaxed = new Automaton(PATTERNS, AUTOMATON_LIMITS)
  assert.equal(seenBy(relaxed, late).ended.size, 1)
  assert.equal(seenByLanes(lanes, [late]).ended.size, 0)
  assert.equal(seenByLanes(lanes, [`${late} abcba=12345678`]).ended.size, 1)
})

test('rules that wait for their value need fewer states in lanes than in one automaton', () => {
  const lanes = new Lanes(PATTERNS, AUTOMATON_LIMITS)
  const one = new Automaton(PATTERNS, AUTOMATON_LIMITS)
  const names = WORDS.flatMap((word) => WORDS.map((other) => `${word}c${other} `))
  for (const first of names) {
    for (const second of names) {
      seenByLanes(lanes, [first + second])
      seenBy(one, first + second)
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
