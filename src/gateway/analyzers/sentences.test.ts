import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cutSentences, SENTENCE_MAX, sentenceEnd } from './sentences.ts'

test('a sentence ends at a full stop with space behind it, or with the line', () => {
  assert.equal(sentenceEnd('She left. He'), 10)
  assert.equal(sentenceEnd('one\ntwo'), 4)
  assert.equal(sentenceEnd('"Really?" he'), 10)
  assert.equal(sentenceEnd('She left.'), null)
  assert.equal(sentenceEnd('She left. '), null)
  assert.equal(sentenceEnd('version 1.2'), null)
})

test('titles, initials and abbreviations end nothing', () => {
  assert.equal(sentenceEnd('Dr. Jane Doe and J. Smith met'), null)
  assert.equal(sentenceEnd('e.g. this one. And'), 15)
})

test('a sentence without an end is cut at a space, never inside a character', () => {
  const words = 'word '.repeat(400)
  const end = sentenceEnd(words) ?? 0
  assert.ok(end <= SENTENCE_MAX + 1 && words.charAt(end - 1) === ' ')
  const balloons = '🎈'.repeat(SENTENCE_MAX)
  assert.equal((sentenceEnd(balloons) ?? 1) % 2, 0)
})

test('sentences put together are the text', () => {
  const texts = fc.array(fc.constantFrom('Ann ', 'met. ', 'Dr. ', '\n', '🎈', 'x'.repeat(600)))
  fc.assert(
    fc.property(texts, (parts) => {
      const text = parts.join('')
      const cut = cutSentences(text)
      assert.equal(cut.map((one) => one.text).join(''), text)
      for (const one of cut)
        assert.equal(text.slice(one.start, one.start + one.text.length), one.text)
    }),
  )
})
