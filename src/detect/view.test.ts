import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { View } from './view.ts'

function viewOf(text: string): { readonly text: string; readonly view: View } {
  const view = new View()
  for (let i = 0; i < text.length; i += 1) view.append(text.charCodeAt(i), () => {})
  view.finish(() => {})
  return { text: view.text, view }
}

const seen: readonly (readonly [written: string, read: string])[] = [
  ['plain text', 'plain text'],
  ['a\u200bb\u00adc\ufeffd', 'abcd'],
  ['ＡＢＣ１２３', 'ABC123'],
  ['𝐀𝟏', 'A1'],
  ['٤٢', '42'],
  ['१२३', '123'],
  ['аре', 'ape'],
  ['1\u20132\u00a03', '1-2 3'],
  ['a&#64;b', 'a@b'],
  ['a&#x40;b', 'a@b'],
  ['a&commat;b', 'a@b'],
  ['a%40b', 'a@b'],
  ['a\\u0040b', 'a@b'],
  ['100% of R&D', '100% of R&D'],
  ['%4', '%4'],
  ['&#6', '&#6'],
  ['&nosuchname;', '&nosuchname;'],
  ['\\users\\u00', '\\users\\u00'],
  ['%%40', '%@'],
  ['&&#64;', '&@'],
  ['😀é', '😀é'],
  ['x²', 'x²'],
]

for (const [written, read] of seen) {
  test(`${JSON.stringify(written)} is read as ${JSON.stringify(read)}`, () => {
    assert.equal(viewOf(written).text, read)
  })
}

test('Positions map back to the text as it was written', () => {
  const written = 'a&#64;b\u200bc'
  const { view } = viewOf(written)
  assert.equal(view.text, 'a@bc')
  assert.equal(written.slice(view.rawStart(1), view.rawEnd(2)), '&#64;')
  assert.equal(written.slice(view.rawStart(3), view.rawEnd(4)), 'c')
})

test('The map is monotone and covers the text, also after old text is dropped', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 5 }),
    fc.constantFrom('&#64;', '%40', '\\u0041', '\u200b', '𝟒', '&', '%', '٤', '\ud83d', 'ﬁ'),
  )
  fc.assert(
    fc.property(fc.array(piece), fc.nat(), (pieces, drop) => {
      const written = pieces.join('')
      const { view } = viewOf(written)
      const before = Array.from({ length: view.text.length }, (_, i) => view.rawStart(i))
      assert.ok(before.every((at, i) => i === 0 || at >= (before[i - 1] ?? 0)))
      assert.equal(view.consumed, written.length)
      const from = view.text.length === 0 ? 0 : drop % view.text.length
      view.dropBefore(from)
      for (let i = from; i < before.length; i += 1) assert.equal(view.rawStart(i), before[i])
    }),
  )
})
