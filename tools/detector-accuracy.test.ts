import assert from 'node:assert/strict'
import { test } from 'node:test'
import { negatives, positives } from './accuracy/samples.ts'
import { measure } from './detector-accuracy.ts'

test('the development set is the same every time', () => {
  assert.deepEqual(positives(), positives())
  assert.deepEqual(negatives(), negatives())
})

test('precision and recall of what has check digits or a clear form are at least 0.98', () => {
  const scores = measure([...positives(), ...negatives()])
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
