import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { unescaped } from './escapes.ts'

const ESCAPE = /\\+(?:u([0-9a-fA-F]{4})|([nrtbf"/]))?/g
const MEANING = new Map(Object.entries({ n: '\n', r: '\n', t: '\t', b: ' ', f: ' ' }))

/** The rule as the design says it. */
function specified(text: string): string {
  return text
    .replaceAll(/\\+u005[cC]/g, '\\')
    .replaceAll(ESCAPE, (_, hex: string | undefined, sign: string | undefined) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
      return sign === undefined ? '\\' : (MEANING.get(sign) ?? sign)
    })
}

test('escapes are undone exactly as the design says them, and each character knows where it stood', () => {
  const text = fc
    .array(
      fc.oneof(
        fc.constantFrom('\\', '\\\\', '\\u005c', '\\\\u005Cn', '\\u00e9', '\\uD83D', '\\u12', '"'),
        fc.constantFrom('\\n', '\\\\\\"', '\\x', 'n', 'u', '0', '/', 'é', '\n'),
        fc.string({ maxLength: 8 }),
      ),
      { maxLength: 20 },
    )
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(text, (written) => {
      const { text: plain, origin } = unescaped(written)
      assert.equal(plain, specified(written))
      let last = 0
      for (let at = 0; at < plain.length; at += 1) {
        const from = origin(at)
        assert.ok(from >= last && from < written.length)
        last = from
      }
    }),
    { numRuns: 2_000 },
  )
})

test('a text in JSON in JSON reads like the text', () => {
  const text = 'first "line"\n\tsecond / third'
  const once = JSON.stringify(text)
  assert.equal(unescaped(JSON.stringify(once)).text.replaceAll('\\', ''), `""${text}""`)
})
