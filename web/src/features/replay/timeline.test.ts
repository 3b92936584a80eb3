import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReplayStep } from '../../api/content.ts'
import {
  formatMomentOf,
  makeAssembler,
  makeTimeline,
  positionOf,
  readMomentOf,
  recordedAt,
  stepsAt,
} from './timeline.ts'

type ReplayPart = ReplayStep['parts'][number]

const part = (text: string, changes: Partial<ReplayPart> = {}): ReplayPart => ({
  channel: 'text',
  number: 0,
  name: '',
  text,
  restart: false,
  ...changes,
})
const step = (chunk: number, atMs: number, ...parts: ReplayPart[]): ReplayStep => ({
  chunk,
  atMs,
  bytes: 10,
  offset: chunk * 10,
  masks: 0,
  findings: 0,
  parts,
})

const STEPS = [
  step(0, 100, part('One ')),
  step(1, 150, part('two ')),
  step(2, 5_150, part('{"a"', { channel: 'tool-call', number: 1, name: 'weather' })),
  step(3, 5_200, part(':1}', { channel: 'tool-call', number: 1 })),
]

test('without a limit the film is as long as the exchange was, and every step is where it was', () => {
  const film = makeTimeline(STEPS, 6_000, null)
  assert.deepEqual(film.positions, [100, 150, 5_150, 5_200])
  assert.equal(film.lengthMs, 6_000)
  assert.deepEqual(
    film.markers.map(({ kind, label, atMs }) => [kind, label, atMs]),
    [
      ['first-byte', 'First byte', 100],
      ['tool-call', 'Tool call weather', 5_150],
      ['end', 'End', 6_000],
    ],
  )
})

test('where text was masked there is a marker that can be jumped to', () => {
  const steps = STEPS.map((one, at) => ({ ...one, masks: at === 1 ? 2 : at === 3 ? 1 : 0 }))
  assert.deepEqual(
    makeTimeline(steps, 6_000, null)
      .markers.filter(({ kind }) => kind === 'mask')
      .map(({ label, atMs }) => [label, atMs]),
    [
      ['2 masks', 150],
      ['Mask', 5_200],
    ],
  )
})

test('where a value was found and left as it was there is a marker too', () => {
  const steps = STEPS.map((one, at) => ({ ...one, findings: at === 1 ? 1 : at === 2 ? 3 : 0 }))
  assert.deepEqual(
    makeTimeline(steps, 6_000, null)
      .markers.filter(({ kind }) => kind === 'finding')
      .map(({ label, atMs }) => [label, atMs]),
    [
      ['Finding', 150],
      ['3 findings', 5_150],
    ],
  )
})

test('a wait for people is marked where the film begins, in its true length, also when pauses are cut', () => {
  for (const idleMs of [null, 500]) {
    const [first, second] = makeTimeline(STEPS, 6_000, idleMs, 12_300).markers
    assert.deepEqual(first, { kind: 'hold', label: 'Held 12.3 s', atMs: 0 })
    assert.equal(second?.kind, 'first-byte')
  }
  assert.ok(!makeTimeline(STEPS, 6_000, null, 0).markers.some(({ kind }) => kind === 'hold'))
})

test('a limit shortens only the pauses that are longer', () => {
  const film = makeTimeline(STEPS, 6_000, 500)
  assert.deepEqual(film.positions, [100, 150, 650, 700])
  assert.equal(film.lengthMs, 1_200)
  assert.equal(recordedAt(film, 650), 5_150)
  assert.equal(positionOf(film, 5_150), 650)
  // In the middle of a pause that was cut one waits at its end, never beyond the next step.
  assert.equal(positionOf(film, 4_000), 650)
  assert.equal(positionOf(film, 0), 0)
  assert.equal(positionOf(film, 99_999), 1_200)
})

test('a moment in an address shows what had arrived at it, for every step and every limit', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 3_000, noNaN: true }), { minLength: 1, maxLength: 30 }),
      fc.constantFrom(null, 500, 2_000),
      (gaps, idleMs) => {
        let atMs = 0
        const steps = gaps.map((gap, at) => step(at, (atMs += gap)))
        const film = makeTimeline(steps, atMs, idleMs)
        for (const [at, position] of film.positions.entries()) {
          assert.ok(stepsAt(film, position) > at)
          const link = formatMomentOf(recordedAt(film, position))
          assert.ok(stepsAt(film, positionOf(film, readMomentOf(link))) > at, link)
        }
      },
    ),
  )
})

test('nothing to play is a film of nothing', () => {
  const film = makeTimeline([], 0, null)
  assert.deepEqual([film.lengthMs, film.markers, stepsAt(film, 0)], [0, [], 0])
})

test('channels grow, are told apart, and start again when they are replaced', () => {
  const assemble = makeAssembler([...STEPS, step(4, 6_000, part('Anew', { restart: true }))])
  assert.deepEqual(assemble(0), [])
  assert.deepEqual(
    assemble(2).map(({ text }) => text),
    ['One two '],
  )
  assert.deepEqual(
    assemble(4).map(({ channel, name, text }) => [channel, name, text]),
    [
      ['text', '', 'One two '],
      ['tool-call', 'weather', '{"a":1}'],
    ],
  )
  assert.equal(assemble(5)[0]?.text, 'Anew')
  assert.equal(assemble(1)[0]?.text, 'One ')
})
