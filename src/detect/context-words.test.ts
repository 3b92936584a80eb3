import assert from 'node:assert/strict'
import { test } from 'node:test'
import { followsWord, scoreInContext } from './context-words.ts'

test('A whole word shortly before raises the score, by a third and at least to the floor', () => {
  assert.equal(scoreInContext(0.3, ['ssn'], 'my SSN: '), 0.65)
  assert.equal(scoreInContext(0.01, ['ssn'], 'ssn '), 0.4)
  assert.equal(scoreInContext(0.9, ['ssn'], 'ssn '), 1)
  assert.equal(scoreInContext(0.3, ['social security'], 'social-security no. '), 0.65)
})

test('Parts of words and words far away change nothing', () => {
  assert.equal(scoreInContext(0.3, ['ip'], 'the recipient is '), 0.3)
  assert.equal(scoreInContext(0.3, ['ssn'], 'ssn one two three four five six '), 0.3)
  assert.equal(scoreInContext(0.3, [], 'ssn '), 0.3)
  assert.equal(scoreInContext(0.3, ['ssn'], ''), 0.3)
})

test('a word says what a value is not only when it stands right before it', () => {
  const words = ['section', 'v', '§']
  for (const before of ['see Section ', 'section: ', 'v', 'see § ', '(section #'])
    assert.ok(followsWord(words, before), before)
  for (const before of [
    'sections ',
    'the section of the log from ',
    'section 4 ',
    'section\n\n\n\n\n',
    '',
  ])
    assert.ok(!followsWord(words, before), before)
})
