import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Exposure } from '../../api/trace.ts'
import { isRest, layOut } from './graph-layout.ts'

function exposure(n: number, changes: Partial<Exposure> = {}, principal = `p${n}`): Exposure {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the layout reads these fields only
  const exchange = {
    id: `ex_${n}`,
    principal,
    conversation: null,
    upstream: 'openai',
    model: 'gpt-5',
  } as Exposure['exchange']
  return { exchange, direction: 'sent', treatment: 'raw', coverage: 1, hits: [], ...changes }
}

test('every exposure is a way from its principal through its conversation to its model', () => {
  const { nodes, edges } = layOut([
    exposure(1),
    exposure(2),
    exposure(2, { direction: 'received' }),
  ])
  assert.deepEqual(
    nodes.map(({ side, exchanges }) => [side, exchanges]),
    [
      ['principal', 1],
      ['principal', 1],
      ['conversation', 1],
      ['conversation', 1],
      ['provider', 2],
    ],
  )
  assert.equal(edges.length, 6)
})

test('what was stopped goes no further than its conversation', () => {
  const { edges } = layOut([exposure(1, { treatment: 'stopped' })])
  assert.deepEqual(
    edges.map(({ to }) => to.side),
    ['conversation'],
  )
})

test('those there is no room for share one node, and no exchange is lost', () => {
  const many = Array.from({ length: 40 }, (_, n) => exposure(n))
  const { nodes, height } = layOut(many)
  for (const side of ['principal', 'conversation', 'provider'] as const) {
    const own = nodes.filter((node) => node.side === side)
    assert.ok(own.length <= 8)
    assert.equal(
      own.reduce((sum, node) => sum + node.exchanges, 0),
      40,
    )
    assert.equal(own.filter(isRest).length, side === 'provider' ? 0 : 1)
  }
  assert.ok(height < 600)
})

test('nodes of one column do not overlap, and nothing is laid out for nothing', () => {
  const { nodes } = layOut(Array.from({ length: 12 }, (_, n) => exposure(n)))
  for (const a of nodes) {
    for (const b of nodes) {
      if (a === b || a.side !== b.side) continue
      assert.ok(a.y + a.height <= b.y || b.y + b.height <= a.y)
    }
  }
  assert.deepEqual(layOut([]).nodes, [])
})
