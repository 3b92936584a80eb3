import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { spellings } from './value-search.ts'

/** As Python writes it unless told otherwise. */
function asciiJson(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

test('however JSON writes a text, within JSON or not, one of its spellings stands in it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (value) => {
      const needles = spellings(value)
      const isIn = (text: string): boolean => needles.some((needle) => text.includes(needle))
      const within = (text: string): string => JSON.stringify({ arguments: text })
      const around = `before ${value} behind`
      assert.ok(isIn(around))
      assert.ok(isIn(JSON.stringify(around)))
      assert.ok(isIn(asciiJson(around)))
      assert.ok(
        isIn(
          asciiJson(around).replaceAll(/\\u\w{4}/g, (one) => `\\u${one.slice(2).toUpperCase()}`),
        ),
      )
      assert.ok(isIn(within(JSON.stringify(around))))
      assert.ok(isIn(within(asciiJson(around))))
    }),
    { numRuns: 300 },
  )
})
