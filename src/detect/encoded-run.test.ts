import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeRun, RUN_MAX, RunFollower } from './encoded-run.ts'
import type { Run } from './encoded-run.ts'

function runsOf(text: string): readonly Run[] {
  const follower = new RunFollower()
  const runs: Run[] = []
  for (let i = 0; i < text.length; i += 1) {
    const run = follower.push(text.charCodeAt(i), i + 1)
    if (run !== null) runs.push(run)
  }
  const last = follower.finish(text.length)
  return last === null ? runs : [...runs, last]
}

test('Readable text is found inside base64 of both alphabets and inside hex', () => {
  assert.deepEqual(decodeRun(btoa('write to me, please')), {
    spelling: 'base64',
    text: 'write to me, please',
  })
  const url = Buffer.from('is it? yes, it is >>> ok').toString('base64url')
  assert.equal(decodeRun(url)?.text, 'is it? yes, it is >>> ok')
  assert.deepEqual(decodeRun(Buffer.from('hello hex').toString('hex')), {
    spelling: 'hex',
    text: 'hello hex',
  })
  assert.equal(decodeRun(Buffer.from('grüße aus köln').toString('base64'))?.text, 'grüße aus köln')
})

test('Words and random bytes are not taken for encoded text', () => {
  for (const run of [
    'internationalization',
    'getElementsByTagName1',
    'a/path/to/some/file/there',
    'x',
    '',
  ]) {
    assert.equal(decodeRun(run), null, run)
  }
})

test('A run ends at the first foreign character, with its padding', () => {
  assert.deepEqual(runsOf(`see ${'A'.repeat(22)}==, ok`), [{ start: 4, end: 28 }])
  assert.deepEqual(runsOf(`key=${'A'.repeat(24)}`), [{ start: 4, end: 28 }])
  assert.deepEqual(runsOf(`${'A'.repeat(19)} short`), [])
})

test('A run is held until it is too long', () => {
  const follower = new RunFollower()
  for (let i = 0; i < RUN_MAX; i += 1) follower.push(0x41, i + 1)
  assert.equal(follower.holds(RUN_MAX), true)
  follower.push(0x41, RUN_MAX + 1)
  assert.equal(follower.holds(RUN_MAX + 1), false)
  assert.equal(follower.overflows(RUN_MAX + 1), true)
})
