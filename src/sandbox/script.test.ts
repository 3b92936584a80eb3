import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readScript } from './script.ts'

test('the header overrides the defaults knob by knob', () => {
  assert.deepEqual(readScript('{"events":5}', { events: 1, bytes: 2 }), {
    kind: 'script',
    script: { events: 5, bytes: 2 },
  })
  assert.deepEqual(readScript(undefined, { bytes: 2 }), { kind: 'script', script: { bytes: 2 } })
})

test('every knob is accepted', () => {
  const script = {
    text: 'hi',
    reasoning: 'hm',
    call: { name: 'weather', input: '{}' },
    bytes: 1,
    events: 1,
    intervalMs: 0.5,
    status: 418,
    headers: { 'x-extra': 'yes' },
    encoding: 'gzip',
    delayMs: 1,
    chunkBytes: 1,
    cutAfterBytes: 0,
    cutBeforeHeaders: false,
    stallAfterBytes: 0,
    stallMs: 1,
    malformed: true,
    failMidway: true,
  }
  assert.deepEqual(readScript(JSON.stringify(script), {}), { kind: 'script', script })
})

test('a script that is no JSON object, or has an unknown or impossible knob, is a problem', () => {
  for (const header of [
    '',
    '{',
    '[]',
    '7',
    'null',
    '{"evnts":5}',
    '{"events":-1}',
    '{"events":"5"}',
    '{"bytes":1.5}',
    '{"chunkBytes":0}',
    '{"status":99}',
    '{"status":600}',
    '{"encoding":"br"}',
    '{"malformed":1}',
    '{"delayMs":-1}',
    '{"text":null}',
    '{"call":"weather"}',
    '{"call":{"name":"weather"}}',
    '{"call":{"name":"weather","input":{}}}',
    '{"call":{"name":"weather","input":"{}","id":"1"}}',
    '{"headers":[]}',
    '{"headers":{"x y":"1"}}',
    '{"headers":{"x":"a\\r\\nb: c"}}',
    '{"headers":{"x":7}}',
    '{"__proto__":{}}',
    '{"toString":1}',
  ]) {
    assert.equal(readScript(header, {}).kind, 'problem', header)
  }
})
