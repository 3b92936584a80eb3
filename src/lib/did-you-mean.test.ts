import assert from 'node:assert/strict'
import { test } from 'node:test'
import { didYouMean } from './did-you-mean.ts'

test('a close word is found, whatever its case', () => {
  const known = ['listen', 'admin', 'upstreams', 'firstByteMs', 'certFile']
  for (const [written, meant] of [
    ['lisen', 'listen'],
    ['ADMIN', 'admin'],
    ['upstream', 'upstreams'],
    ['firstbytems', 'firstByteMs'],
    ['fristByteMs', 'firstByteMs'],
    ['cert', 'certFile'],
  ] as const) {
    assert.equal(didYouMean(written, known), meant)
  }
})

test('a word that is far from all is not guessed', () => {
  for (const written of ['', 'x', 'database', 'l'.repeat(1000)]) {
    assert.equal(didYouMean(written, ['listen', 'admin']), null)
  }
  assert.equal(didYouMean('cert', ['certFile', 'certChain']), null)
  assert.equal(didYouMean('listen', []), null)
})
