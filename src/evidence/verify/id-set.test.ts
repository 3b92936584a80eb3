import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { newExchangeId } from '../../lib/ids.ts'
import { IdSet } from './id-set.ts'

test('an id is new once, however many there are, also in a set that was saved and read back', () => {
  const ids = Array.from({ length: 20_000 }, (_, n) => newExchangeId(1_700_000_000_000 + (n >> 4)))
  let set = new IdSet(null)
  for (const [n, id] of ids.entries()) {
    if (n === 7_000) set = new IdSet(set.save())
    assert.equal(set.add(id), true)
  }
  for (const id of ids) assert.equal(set.add(id), false)
  assert.equal(new IdSet(set.save()).save().hashes.length, 2 * ids.length)
})

test('it answers as a plain set does, whatever the ids and wherever it is saved', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 3 })), fc.nat(20), (ids, savedAt) => {
      let set = new IdSet(null)
      const plain = new Set<string>()
      for (const [n, id] of ids.entries()) {
        if (n === savedAt) set = new IdSet(set.save())
        assert.equal(set.add(id), !plain.has(id))
        plain.add(id)
      }
    }),
  )
})
