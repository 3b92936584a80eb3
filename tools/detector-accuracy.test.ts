import assert from 'node:assert/strict'
import { test } from 'node:test'
import { negatives, positives } from './accuracy/samples.ts'
import { measureDeveloped, measureFormats, measureWild } from './detector-accuracy.ts'

test('the development set is the same every time', () => {
  assert.deepEqual(positives(), positives())
  assert.deepEqual(negatives(), negatives())
})

test('precision and recall of what has check digits or a clear form are at least 0.98', () => {
  const scores = measureDeveloped()
  const entities = [
    'EMAIL_ADDRESS',
    'CREDIT_CARD',
    'IBAN_CODE',
    'US_SSN',
    'IP_ADDRESS',
    'MAC_ADDRESS',
    'PHONE_NUMBER',
    'CREDENTIAL',
  ]
  for (const entity of entities) {
    const { hits, misses, wrong } = scores.get(entity) ?? { hits: 0, misses: 1, wrong: 0 }
    assert.ok(hits / (hits + misses) >= 0.98, `${entity}: ${misses} missed`)
    assert.ok(hits / (hits + wrong) >= 0.98, `${entity}: ${wrong} wrong`)
  }
})

test('credentials are found in the wild, and what only looks like one is left alone', () => {
  const wild = measureWild()
  assert.ok(wild.formats >= 300, `${wild.formats} formats`)
  assert.ok(wild.found / wild.samples >= 0.95, `${wild.found} of ${wild.samples}`)
  for (const [shape, recall] of wild.shapes) assert.ok(recall >= 0.9, `${shape}: ${recall}`)
  const [found, all] = wild.files
  assert.ok(found / all >= 0.95, wild.missed.join(', '))
  const wrong = wild.traps.reduce((sum, [, count]) => sum + count, 0)
  assert.ok(wrong / wild.trapTexts <= 0.02, JSON.stringify(wild.traps))
})

test('formats and surroundings of others are found, too, and personal data in its own', () => {
  const { sets, formatCount, personal, lookAlikes } = measureFormats()
  assert.ok(formatCount >= 300, `${formatCount} formats`)
  for (const [name, least] of [
    ['mended', 0.95],
    ['held-out', 0.85],
  ] as const) {
    const { formats, lines, options } = sets[name]
    assert.ok(options.found / options.all >= 0.85, `${name}: ${options.found} of ${options.all}`)
    assert.ok(formats.found / formats.all >= 0.95, `${name}: ${formats.found} of ${formats.all}`)
    assert.ok(lines.found / lines.all >= least, `${name}: ${lines.found} of ${lines.all}`)
  }
  for (const { name, found, all, wrong } of personal) {
    assert.ok(found / all >= 0.98, `${name}: ${found} of ${all}`)
    assert.ok(found / (found + wrong) >= 0.98, `${name}: ${wrong} wrong`)
  }
  const wrong = lookAlikes.reduce((sum, { found }) => sum + found, 0)
  const all = lookAlikes.reduce((sum, one) => sum + one.all, 0)
  assert.ok(wrong / all <= 0.02, JSON.stringify(lookAlikes.filter(({ found }) => found > 0)))
})
