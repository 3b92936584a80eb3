import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Mask } from '../../detect/finding.ts'
import { createTextShift } from './text-shift.ts'

test('places before, behind and inside a mask', () => {
  const shift = createTextShift('code-point')
  const text = '🎈 mail jane@x.org, ok'
  shift.receive(text)
  const start = text.indexOf('jane')
  shift.settle([{ start, end: start + 'jane@x.org'.length, text: '<E>' }], text.length)
  // The balloon is one code point of two units.
  assert.equal(shift.shown(2, 'start'), 2)
  assert.equal(shift.shown(start - 1, 'start'), start - 1)
  assert.equal(shift.shown(start + 2, 'start'), start - 1)
  assert.equal(shift.shown(start + 2, 'end'), start - 1 + 3)
  assert.equal(shift.shown(text.length - 1, 'end'), text.length - 1 - 7)
  assert.equal(shift.original(text.length - 1 - 7, 'end'), text.length - 1)
})

test('a place is settled once the text before it is', () => {
  const shift = createTextShift('byte')
  shift.receive('Grüße jane@')
  shift.settle([], 'Grüße '.length)
  assert.ok(shift.isSettled(8))
  assert.ok(!shift.isSettled(9))
  shift.finish()
  assert.ok(shift.isSettled(9))
})

test('a quote carries the masks that reach into it, however it cuts them', () => {
  const shift = createTextShift('byte')
  const text = 'süß 4111 1111 end'
  shift.receive(text)
  shift.settle([{ start: 4, end: 13, text: '<C>' }], text.length)
  assert.equal(shift.quoted(0, 'süß '), null)
  assert.equal(shift.quoted(0, 'süß 4111'), 'süß <C>')
  assert.equal(shift.quoted(11, '1111 end'), '<C> end')
  assert.equal(shift.quoted(0, text), 'süß <C> end')
})

interface Case {
  readonly text: string
  readonly masks: readonly Mask[]
}

const cases = fc
  .array(
    fc.record({
      plain: fc.string({ unit: fc.constantFrom('a', 'ü', '🎈', ' '), maxLength: 6 }),
      secret: fc.string({ unit: fc.constantFrom('1', '🎈', 'ß'), maxLength: 5 }),
      shown: fc.constantFrom('', '<X>', '🎈ü', '*'),
    }),
    { maxLength: 6 },
  )
  .map((parts): Case => {
    const masks: Mask[] = []
    let text = ''
    for (const { plain, secret, shown } of parts) {
      text += `${plain}|`
      masks.push({ start: text.length, end: text.length + secret.length, text: shown })
      text += secret
    }
    return { text, masks: masks.filter(({ start, end }) => end > start) }
  })

test('every place outside of masks points at the same character afterwards, in both units, however the text came', () => {
  fc.assert(
    fc.property(cases, fc.constantFrom('byte', 'code-point'), ({ text, masks }, unit) => {
      const shift = createTextShift(unit)
      const length = (one: string): number =>
        unit === 'byte' ? Buffer.byteLength(one) : Array.from(one).length
      const cut = text.length >> 1
      shift.receive(text.slice(0, cut))
      shift.receive(text.slice(cut))
      shift.settle(masks, text.length)
      let shown = ''
      let from = 0
      for (const { start, end, text: mask } of masks) {
        shown += text.slice(from, start) + mask
        from = end
      }
      shown += text.slice(from)
      for (let at = 0; at < text.length; at += 1) {
        const char = String.fromCodePoint(text.codePointAt(at) ?? 0)
        const isInside = masks.some(({ start, end }) => at >= start && at < end)
        if (isInside || /[\udc00-\udfff]/.test(text.charAt(at))) continue
        const [start, end] = [length(text.slice(0, at)), length(text.slice(0, at) + char)]
        const [a, b] = [shift.shown(start, 'start'), shift.shown(end, 'end')]
        const cutOut =
          unit === 'byte'
            ? Buffer.from(shown).toString('utf8', a, b)
            : Array.from(shown).slice(a, b).join('')
        assert.ok(cutOut.includes(char), JSON.stringify({ text, masks, at, shown, a, b }))
        assert.ok(Array.from(cutOut).length <= 1 + 4)
      }
    }),
  )
})
