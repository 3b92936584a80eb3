import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasKnownSecretShape, looksSecret } from './secret-shape.ts'

const known = [
  'sk-ant-api03-x',
  'Bearer abcd',
  'basic dXNlcjpw',
  'AKIAIOSFODNN7EXAMPLE',
  'AIzaSyA1234567',
  'eyJhbGciOiJIUzI1NiJ9',
  'cst_x',
  'ghp_abc',
  'xoxb-1',
  'postgres://u:p@h/d',
  'https://h/?key=1',
  '-----BEGIN PRIVATE KEY-----',
  'x glpat-1',
]
const plain = [
  '',
  'task-1',
  'gpt-5-mini',
  'disk-full',
  'openai.chat-completions',
  '127.0.0.1:8080',
  'https://api.openai.com/v1',
  '5 minutes',
  'the bearer',
  'risk_level',
]

test('known credential shapes are recognised', () => {
  for (const text of known) assert.ok(hasKnownSecretShape(text) && looksSecret(text), text)
})

test('plain words and addresses are not taken for credentials', () => {
  for (const text of plain) assert.ok(!looksSecret(text), text)
})

test('a long run with digits looks secret without having a known shape', () => {
  for (const text of ['0123456789abcdef0123', 'x 9f86d081884c7d659a2feaa0c55ad015']) {
    assert.ok(looksSecret(text))
    assert.ok(!hasKnownSecretShape(text))
  }
  assert.ok(!looksSecret('a-very-long-name-of-words-only'))
})
