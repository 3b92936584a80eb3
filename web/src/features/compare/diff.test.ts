import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differences, textDifferences } from './diff.ts'

const self = (item: string): string => item

test('left and right come back from what is told of both, in order', () => {
  const list = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 })
  fc.assert(
    fc.property(list, list, (left, right) => {
      const told = differences(left, right, self)
      const of = (side: 'left' | 'right') =>
        told.filter((one) => one.side === 'both' || one.side === side).map(({ item }) => item)
      assert.deepEqual(of('left'), left)
      assert.deepEqual(of('right'), right)
    }),
  )
})

test('what is shared is as much as can be', () => {
  const sides = (left: string, right: string) =>
    differences(left.split(''), right.split(''), self)
      .map(({ side, item }) => (side === 'both' ? item : side === 'left' ? `-${item}` : `+${item}`))
      .join('')
  assert.equal(sides('abcd', 'abcd'), 'abcd')
  assert.equal(sides('abcd', 'axcd'), 'a-b+xcd')
  assert.equal(sides('abcd', 'bd'), '-ab-cd')
  assert.equal(sides('', 'ab'), '+a+b')
  assert.equal(sides('xaby', 'xbay').replaceAll(/[+-]./g, '').length, 3)
})

test('lists that are too long to compare are told as different between their ends', () => {
  const left = ['same', ...Array.from({ length: 3_000 }, (_, n) => `l${n}`), 'end']
  const right = ['same', ...Array.from({ length: 3_000 }, (_, n) => `r${n}`), 'end']
  const told = differences(left, right, self)
  assert.equal(told.length, 6_002)
  assert.deepEqual([told[0]?.side, told[1]?.side, told.at(-1)?.side], ['both', 'left', 'both'])
})

test('texts are compared word by word, and no character is lost', () => {
  assert.deepEqual(textDifferences('the quick fox', 'the slow fox'), [
    { side: 'both', item: 'the ' },
    { side: 'left', item: 'quick' },
    { side: 'right', item: 'slow' },
    { side: 'both', item: ' fox' },
  ])
  fc.assert(
    fc.property(fc.string(), fc.string(), (left, right) => {
      const told = textDifferences(left, right)
      const of = (side: 'left' | 'right') =>
        told
          .filter((one) => one.side === 'both' || one.side === side)
          .map(({ item }) => item)
          .join('')
      assert.equal(of('left'), left)
      assert.equal(of('right'), right)
    }),
  )
})
