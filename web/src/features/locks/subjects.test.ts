import assert from 'node:assert/strict'
import { test } from 'node:test'
import { distinctSubjects, subjectsOf } from './subjects.ts'

const exchange = {
  principal: 'repo:acme/app',
  keyId: null,
  service: 'ci',
  declaredService: 'ci',
  upstream: 'openai',
  model: 'gpt-5',
  conversation: null,
  linked: 'cx_1',
}

test('an exchange offers each subject that it has, once', () => {
  assert.deepEqual(
    distinctSubjects(subjectsOf({ exchange, people: ['ana', 'bo', 'ana'] })).map(
      ({ kind, value }) => `${kind} ${value}`,
    ),
    [
      'principal repo:acme/app',
      'person ana',
      'person bo',
      'service ci',
      'upstream openai',
      'model gpt-5',
      'conversation cx_1',
    ],
  )
  const declared = { ...exchange, conversation: 'cv_1' }
  assert.deepEqual(subjectsOf({ exchange: declared, people: [] }).at(-1)?.value, 'cv_1')
})

test('an exchange of nobody to nowhere offers nothing', () => {
  const nothing = {
    principal: '',
    keyId: null,
    service: '',
    declaredService: '',
    upstream: '',
    model: null,
    conversation: null,
    linked: null,
  }
  assert.deepEqual(distinctSubjects(subjectsOf({ exchange: nothing, people: [''] })), [])
})
