import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContentBlock } from '../../../../src/api/contract/content.ts'
import type { Thread } from '../../../../src/api/contract/conversations.ts'
import type { Exchange } from '../../../../src/api/contract/exchanges.ts'
import { addedBy, shapeOf } from './shape.ts'

type Talk = Readonly<Record<string, string>>

const ROLES: Readonly<Record<string, ContentBlock['role']>> = {
  s: 'system',
  u: 'user',
  a: 'assistant',
  t: 'tool-definition',
}

/** `u1 a1` are blocks of a user and an assistant; the same word is the same block. */
function blocksOf(words: string): ContentBlock[] {
  return words.split(' ').map((id, index) => ({
    index,
    id,
    role: ROLES[id.slice(0, 1)] ?? 'other',
    start: 0,
    end: 0,
    bytes: 0,
    novelty: 'unknown',
    firstExchange: null,
    parts: [],
  }))
}

function shape(talk: Talk, named: Talk = {}): readonly string[] {
  const thread: Thread = {
    id: null,
    method: 'declared-id',
    by: '',
    truncated: false,
    exchanges: Object.keys(talk).map((id) => ({
      exchange: exchangeOf(id),
      parent: named[id] ?? null,
      link: named[id] === undefined ? ('none' as const) : ('named' as const),
      attemptOf: null,
    })),
  }
  const contexts = Object.entries(talk).filter(([, words]) => words !== '?')
  return shapeOf(thread, new Map(contexts.map(([id, words]) => [id, blocksOf(words)]))).map(
    ({ exchange, parent, by, lane, isFork }) =>
      `${exchange.id} after ${parent ?? 'nothing'} by ${by} on ${lane}${isFork ? ', a fork' : ''}`,
  )
}

test('a turn continues the one whose whole context it begins with', () => {
  assert.deepEqual(shape({ A: 's u1', B: 's u1 a1 u2', C: 's u1 a1 u2 a2 u3' }), [
    'A after nothing by none on 0',
    'B after A by context on 0',
    'C after B by context on 0',
  ])
})

test('a second continuation of a turn is a fork with a lane of its own, on which it goes on', () => {
  assert.deepEqual(
    shape({ A: 'u1', B: 'u1 a1 u2', C: 'u1 a1 u3', D: 'u1 a1 u3 a3 u4', E: 'u1 a1 u2 a2 u5' }),
    [
      'A after nothing by none on 0',
      'B after A by context on 0',
      'C after A by context on 1, a fork',
      'D after C by context on 1',
      'E after B by context on 0',
    ],
  )
})

test('the same context sent again forks from where the first one came', () => {
  assert.deepEqual(
    shape({ A: 'u1', B: 'u1 a1 u2', C: 'u1 a1 u2' }).at(2),
    'C after A by context on 1, a fork',
  )
})

test('tool definitions do not order turns, wherever they stand', () => {
  assert.deepEqual(shape({ A: 'u1 t1', B: 'u1 a1 u2 t1 t2' }).at(1), 'B after A by context on 0')
})

test('a past that was marked anew is still found by what it has in common', () => {
  assert.deepEqual(shape({ A: 'u1 u2', B: 'u1 u2marked a1 u3' }).at(1), 'B after A by context on 0')
})

test('a turn with nothing of the others begins anew', () => {
  assert.deepEqual(shape({ A: 's u1', B: 's u9' }).at(1), 'B after nothing by none on 1')
})

test('turns that were not read are taken for what they follow', () => {
  assert.deepEqual(shape({ A: 'u1', B: '?', C: 'u1 a1 u3' }), [
    'A after nothing by none on 0',
    'B after A by order on 0',
    'C after B by order on 0',
  ])
})

test('a named parent wins over what contexts suggest', () => {
  assert.deepEqual(
    shape({ A: 'u1', B: 'u2', C: 'u1 a1 u3' }, { B: 'A', C: 'B' }).at(2),
    'C after B by named on 0',
  )
})

test('what a turn added is what stands after the common past, with new instructions and tools', () => {
  const added = addedBy(blocksOf('s2 u1 a1 u1 t1 t2'), blocksOf('s1 u1 t1'))
  assert.deepEqual(
    added.blocks.map(({ id }) => id),
    ['s2', 'a1', 'u1'],
  )
  assert.equal(added.tools, 1)
  assert.equal(added.carried, 2)
})

test('a first turn added everything', () => {
  const added = addedBy(blocksOf('s1 u1 t1'), undefined)
  assert.deepEqual([added.blocks.length, added.tools, added.carried], [2, 1, 0])
})

function exchangeOf(id: string): Exchange {
  return {
    id,
    state: 'complete',
    outcome: 'answered',
    receivedAtMs: 0,
    endedAtMs: 1,
    principal: '',
    principalKind: '',
    keyId: null,
    service: '',
    declaredService: '',
    remoteAddress: '',
    userAgent: '',
    upstream: '',
    dialect: null,
    surface: '',
    route: '',
    mode: 'strict',
    retentionClass: '',
    method: 'POST',
    path: '/',
    model: null,
    stream: false,
    status: 200,
    errorCode: null,
    finishReason: null,
    inputTokens: null,
    outputTokens: null,
    requestBytes: 0,
    answerBytes: 0,
    storedBytes: null,
    firstByteMs: null,
    durationMs: null,
    conversation: null,
    conversationBy: null,
    linked: null,
    tools: [],
    findingsIn: [],
    entities: [],
    rules: [],
    fingerprints: [],
    verdict: null,
    policyHash: null,
    decidingRule: null,
    policyRules: [],
    tags: [],
    holds: [],
  }
}
