import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { StateStore } from './state-store.ts'

const state = fc.record({
  core: fc
    .uniqueArray(fc.nat(70_000), { maxLength: 6 })
    .map((all) => all.toSorted((a, b) => a - b)),
  kind: fc.nat(3),
  accepts: fc.uniqueArray(fc.nat(4), { maxLength: 2 }).map((all) => all.toSorted((a, b) => a - b)),
})

test('equal states have one number, others have others, and each reads as it was added', () => {
  fc.assert(
    fc.property(fc.array(state, { maxLength: 700, size: 'max' }), (states) => {
      const store = new StateStore(1000, 10_000, true)
      const numbers = new Map<string, number>()
      for (const one of states) {
        const number = store.intern(one)
        const known = numbers.get(JSON.stringify(one))
        assert.equal(number, known ?? numbers.size)
        numbers.set(JSON.stringify(one), number)
      }
      assert.equal(store.count, numbers.size)
      for (const [written, number] of numbers) {
        const read = {
          core: [...store.coreOf(number)],
          kind: store.kindOf(number),
          accepts: store.acceptsOf(number),
        }
        assert.deepEqual(read, JSON.parse(written))
      }
    }),
    { numRuns: 30 },
  )
})

test('a full store takes no state more, and still knows those it has', () => {
  const store = new StateStore(3, 4, false)
  const of = (...core: number[]) => ({ core, kind: 0, accepts: [] })
  assert.deepEqual([store.intern(of(1, 2)), store.intern(of(3))], [0, 1])
  assert.equal(store.intern(of(4, 5)), -1, 'too long for what is left')
  assert.equal(store.intern(of(6)), 2)
  assert.equal(store.intern(of()), -1, 'one too many')
  assert.equal(store.intern(of(1, 2)), 0)
  assert.ok(store.bytes < 200)
})
