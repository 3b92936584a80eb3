import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { oldestFirst } from './oldest-first.ts'

test('what is given and deleted is always the first key of the map, whatever is put and deleted meanwhile', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('put' as const), key: fc.nat(40) }),
    fc.record({ kind: fc.constant('delete' as const), key: fc.nat(40) }),
    fc.record({ kind: fc.constant('evict' as const), key: fc.constant(0) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const map = new Map<number, boolean>()
      const oldest = oldestFirst(map)
      for (const { kind, key } of steps) {
        if (kind === 'delete') map.delete(key)
        else if (kind === 'put') {
          // As the caches do it: what is used again becomes the youngest.
          map.delete(key)
          map.set(key, true)
        } else {
          const [first] = map.keys()
          const given = oldest()
          assert.equal(given, first)
          if (given !== undefined) map.delete(given)
        }
      }
    }),
  )
})
