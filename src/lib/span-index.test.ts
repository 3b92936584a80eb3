import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { spanIndex } from './span-index.ts'
import type { Span } from './span-index.ts'

const spans = fc
  .array(fc.tuple(fc.nat(3), fc.nat(3)), { maxLength: 8 })
  .map((steps): readonly Span[] => {
    let at = 0
    return steps.map(([gap, length]) => {
      const start = at + gap
      at = start + length
      return { start, end: at }
    })
  })
const one = fc.tuple(fc.nat(30), fc.nat(5)).map(([start, size]) => ({ start, end: start + size }))

test('what is said of a span is what a look at each of them says', () => {
  fc.assert(
    fc.property(spans, one, (all, asked) => {
      const index = spanIndex(all)
      assert.equal(
        index.touches(asked),
        all.some(({ start, end }) => start < asked.end && end > asked.start),
      )
      const covering = all.some(({ start, end }) => start <= asked.start && end >= asked.end)
      if (asked.start < asked.end) assert.equal(index.covers(asked), covering)
      const first = all.findIndex(({ end }) => end > asked.start)
      assert.equal(index.firstBehind(asked.start), first === -1 ? all.length : first)
    }),
  )
})

test('nothing touches or covers where there is no span', () => {
  const index = spanIndex([])
  assert.equal(index.touches({ start: 0, end: 9 }), false)
  assert.equal(index.covers({ start: 0, end: 0 }), false)
  assert.equal(index.firstBehind(4), 0)
})
