import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Content, ContentBlock } from '../../api/content.ts'
import type { ExchangeDetail } from '../../api/exchanges.ts'
import type { Turn } from '../conversation/shape.ts'
import { COLUMNS, ROWS, bytesOfCell, glowRun, pathOf, runsOf } from './cells.ts'
import {
  ANSWER_AT_MS,
  JUDGED_AT_MS,
  SCENE_MS,
  filmOf,
  frameAt,
  settledMs,
  withoutMotion,
} from './film.ts'
import type { TurnFacts } from './film.ts'

interface Told {
  readonly verdict?: string
  readonly state?: string
  readonly requestBytes?: number
}

function turnOf(number: number, told: Told = {}): Turn {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only what a film reads of it
  const exchange = {
    id: `ex_${number}`,
    state: told.state ?? 'complete',
    outcome: 'answered',
    verdict: told.verdict ?? null,
    requestBytes: told.requestBytes ?? 900,
  } as unknown as Turn['exchange']
  const parent = number === 1 ? null : `ex_${number - 1}`
  return { number, exchange, parent, by: 'context', lane: 0, isFork: false }
}

function block(index: number, id: string, bytes: number): ContentBlock {
  const roles = { s: 'system', u: 'user', a: 'assistant', t: 'tool' } as const
  const role = Object.entries(roles).find(([letter]) => id.startsWith(letter))?.[1] ?? 'other'
  const part = { kind: 'text' as const, text: id, name: null, id: null, truncated: false }
  const start = 10 + index * 1000
  return {
    index,
    id,
    role,
    start,
    end: start + bytes,
    bytes,
    novelty: 'unknown',
    firstExchange: null,
    parts: [part],
  }
}

/** `u1:40` is a block of a user, forty bytes long. */
function factsOf(words: string, answer: string, findings: readonly object[] = []): TurnFacts {
  const blocks = words.split(' ').map((word, index) => {
    const [id = '', bytes = '10'] = word.split(':')
    return block(index, id, Number(bytes))
  })
  const assembled = {
    text: answer,
    reasoning: '',
    refusal: '',
    toolCalls: [],
    error: null,
    truncated: false,
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only what a film reads of it
  const content = { request: { blocks }, answer: { assembled } } as unknown as Content
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only what a film reads of it
  const detail = { findings } as unknown as ExchangeDetail
  return { content, detail }
}

const CARD = {
  direction: 'request',
  block: 1,
  start: 1014,
  end: 1030,
  entity: 'CREDIT_CARD',
  rule: 'card',
  operator: 'mask',
}

const TURNS = [turnOf(1), turnOf(2, { verdict: 'hold' }), turnOf(3, { verdict: 'deny' })]
const FILM = filmOf(
  TURNS,
  new Map([
    ['ex_1', factsOf('s:100 u1:50', 'yes', [CARD])],
    ['ex_2', factsOf('s:100 u1:50 a1:3 u2:20', 'no', [{ ...CARD, operator: 'keep' }])],
    ['ex_3', factsOf('s:100 u1:50 a1:3 u2:20 a2:2 t1:400', '')],
  ]),
)

test('a turn keeps what it continues where it was, and adds behind it', () => {
  const [first, second] = FILM.scenes
  assert.deepEqual(
    second?.blocks.map(({ key, from, isCarried }) => [key, from, isCarried]),
    [
      ['0 s', 0, true],
      ['1 u1', 100, true],
      ['2 a1', 150, false],
      ['3 u2', 153, false],
    ],
  )
  assert.deepEqual(
    first?.blocks.map(({ from, source }) => [from, source]),
    [
      [0, 'system'],
      [100, 'user'],
    ],
  )
  assert.equal(second?.carriedBytes, 150)
  assert.equal(FILM.capacity, 575)
})

test('a finding shines where it stands, and tells whether it was masked', () => {
  const [first, second] = FILM.scenes
  assert.deepEqual(first?.blocks[1]?.glows, [
    { from: 104, to: 120, entity: 'CREDIT_CARD', rule: 'card', isMasked: true },
  ])
  assert.equal(second?.blocks[1]?.glows[0]?.isMasked, false)
})

test('markers name turns, new findings, holds and stops; what is carried over is not marked again', () => {
  assert.deepEqual(
    FILM.markers.map(({ kind, label }) => `${kind}: ${label}`),
    [
      'turn: Turn 1',
      'mask: Masked: CREDIT_CARD',
      'turn: Turn 2',
      'hold: Held for a person',
      'turn: Turn 3',
      'error: Stopped',
    ],
  )
})

test('the window only fills within a turn, and the answer comes after the judgement', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: SCENE_MS - 1 }),
      fc.nat({ max: SCENE_MS - 1 }),
      fc.nat({ max: 2 }),
      (one, other, at) => {
        const [early, late] = [Math.min(one, other), Math.max(one, other)]
        const before = frameAt(FILM, at * SCENE_MS + early)
        const after = frameAt(FILM, at * SCENE_MS + late)
        assert.ok(before !== null && after !== null && before.bytes <= after.bytes)
        if (early < JUDGED_AT_MS) assert.equal(before.answerShare, 0)
        if (late >= ANSWER_AT_MS) assert.ok(after.shares.every((share) => share === 1))
      },
    ),
  )
})

test('a moment stays the same when more of the film has been read', () => {
  const unread = filmOf(TURNS, new Map())
  assert.equal(unread.lengthMs, FILM.lengthMs)
  assert.equal(unread.scenes[2]?.startMs, FILM.scenes[2]?.startMs)
  assert.equal(unread.scenes[0]?.blocks[0]?.source, 'unread')
  assert.equal(unread.scenes[2]?.judged, 'stopped')
})

test('without motion only whole moments are shown', () => {
  for (const ms of [0, 1, SCENE_MS - 1])
    assert.equal(withoutMotion(FILM, ms), settledMs(FILM.scenes[0]!))
  assert.equal(withoutMotion(FILM, FILM.lengthMs), settledMs(FILM.scenes[2]!))
})

test('a film without turns shows nothing', () => {
  assert.equal(frameAt(filmOf([], new Map()), 0), null)
})

test('every block has cells of its own, in order, and the fullest window fits', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 200_000 }), { minLength: 1, maxLength: 300 }), (sizes) => {
      const words = sizes.map((bytes, at) => `u${at}:${bytes + 1}`).join(' ')
      const film = filmOf([turnOf(1)], new Map([['ex_1', factsOf(words, '')]]))
      const runs = runsOf(film.scenes[0]!, bytesOfCell(film))
      let next = 0
      for (const { first, count } of runs) {
        assert.equal(first, next)
        assert.ok(count > 0)
        next += count
      }
      assert.ok(next <= COLUMNS * ROWS)
    }),
  )
})

test('the cells of a finding lie within those of its block', () => {
  const [block] = FILM.scenes[0]!.blocks.slice(1)
  const run = { first: 50, count: 25 }
  for (const glow of [block!.glows[0]!, { ...block!.glows[0]!, from: 149, to: 9_999 }]) {
    const { first, count } = glowRun(glow, block!.from, run, 2)
    assert.ok(first >= 50 && count > 0 && first + count <= 75)
  }
  assert.equal(pathOf({ first: 71, count: 2 }), 'M852 0h10v10h-10zM0 12h10v10h-10z')
})
