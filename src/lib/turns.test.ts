import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { atOnce, hashing, inTurns, joining, STEP_BYTES } from './turns.ts'
import type { Work } from './turns.ts'

/** Each step counts and, where it is slow, keeps the processor busy for a while. */
function* counting(steps: number, slowMs: number, seen: string[], name: string): Work<number> {
  for (let n = 0; n < steps; n += 1) {
    seen.push(name)
    const until = performance.now() + slowMs
    while (performance.now() < until);
    yield
  }
  return steps
}

test('what is short is done at once', () => {
  assert.equal(inTurns(counting(0, 0, [], 'a')), 0)
  assert.equal(atOnce(counting(5, 1, [], 'a')), 5)
})

test('between the steps of what is long the loop turns, and other long work has its share', async () => {
  const seen: string[] = []
  let turns = 0
  const look = (): void => {
    turns += 1
    if (seen.length < 20) setImmediate(look)
  }
  setImmediate(look)
  const both = [inTurns(counting(10, 1.5, seen, 'a')), inTurns(counting(10, 1.5, seen, 'b'))]
  assert.ok(both.every((one) => one instanceof Promise))
  assert.deepEqual(await Promise.all(both), [10, 10])
  assert.ok(turns >= 10, `${turns} turns`)
  assert.ok(seen.indexOf('b') < seen.lastIndexOf('a'))
})

test('work that fails later rejects, and what waits behind it goes on', async () => {
  const failing = function* (): Work<number> {
    yield* counting(3, 1.5, [], 'a')
    throw new Error('no')
  }
  const failed = inTurns(failing())
  const other = inTurns(counting(3, 1.5, [], 'b'))
  await assert.rejects(Promise.resolve(failed), /no/)
  assert.equal(await other, 3)
})

test('joined and hashed in steps is what it is at once', () => {
  const size = fc.oneof(fc.nat(64), fc.integer({ min: STEP_BYTES - 2, max: 2 * STEP_BYTES + 2 }))
  fc.assert(
    fc.property(fc.array(size, { maxLength: 4 }), (sizes) => {
      const parts = sizes.map((length, at) => Buffer.alloc(length, `part ${at} `))
      const joined = atOnce(joining(parts))
      assert.ok(joined.equals(Buffer.concat(parts)))
      const digest = createHash('sha256').update(joined).digest('binary')
      assert.equal(atOnce(hashing(joined)), digest)
    }),
    { numRuns: 30 },
  )
})
