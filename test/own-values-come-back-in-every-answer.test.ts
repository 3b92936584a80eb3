import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestDialect } from './harness/data-plane.ts'
import { inlineTools } from './harness/masking-paths.ts'
import {
  maskingOf,
  maskingPlan,
  shownOf,
  viewOfAnswer,
  writtenAnswer,
} from './harness/masked-answer.ts'
import { splitAt } from './harness/stream-splits.ts'

const TOKEN = '<NOTE_0123456789abcdef>'
/** Escaped differently wherever it stands. */
const VALUE = 'a "b"\\\nc é 🎈'
const INPUT = JSON.stringify({
  note: `see ${TOKEN}, ${TOKEN}`,
  list: [TOKEN],
  to: 'zq.wxyzk@kjqvx.org',
})
const SHOWN = { note: `see ${VALUE}, ${VALUE}`, list: [VALUE], to: '<EMAIL_ADDRESS>' }
const TEXT = `It is ${TOKEN}.`

const user = [{ role: 'user', content: 'x' }]
const parts = [{ role: 'user', parts: [{ text: 'x' }] }]
const SURFACES: readonly (readonly [TestDialect, string, object])[] = [
  ['openai', '/v1/chat/completions', { model: 'm', messages: user }],
  ['openai', '/v1/chat/completions', { model: 'm', messages: user, stream: true }],
  ['openai', '/v1/responses', { model: 'm', input: 'x' }],
  ['openai', '/v1/responses', { model: 'm', input: 'x', stream: true }],
  ['anthropic', '/v1/messages', { model: 'm', max_tokens: 9, messages: user }],
  ['anthropic', '/v1/messages', { model: 'm', max_tokens: 9, messages: user, stream: true }],
  ['gemini', '/v1beta/models/m:generateContent', { contents: parts }],
  ['gemini', '/v1beta/models/m:streamGenerateContent?alt=sse', { contents: parts }],
  ['bedrock', '/model/m/converse', { messages: [{ role: 'user', content: [{ text: 'x' }] }] }],
  [
    'bedrock',
    '/model/m/converse-stream',
    { messages: [{ role: 'user', content: [{ text: 'x' }] }] },
  ],
  ['ollama', '/api/chat', { model: 'm', messages: user, stream: false }],
  ['ollama', '/api/chat', { model: 'm', messages: user, stream: true }],
]

for (const [dialect, path, body] of SURFACES) {
  const name = `${dialect} ${path}${'stream' in body && body.stream === true ? ', streamed' : ''}`
  const question = (tools = {}) => ({
    plan: maskingPlan({ tools }),
    tools: inlineTools(),
    restorable: new Map([[TOKEN, VALUE]]),
  })

  test(`${name}: a tool is called with the values of its caller, and text says them`, async () => {
    const called = writtenAnswer(dialect, path, body, { call: { name: 'send', input: INPUT } })
    const said = writtenAnswer(dialect, path, body, { text: TEXT })
    for (const cuts of [[], [called.bytes.length >> 1], [200, 300, 301, 350, 400]]) {
      const shown = await shownOf(maskingOf(called, question()), splitAt(called.bytes, cuts))
      const [call] = viewOfAnswer(called, shown).toolCalls
      assert.deepEqual(JSON.parse(call?.arguments ?? ''), SHOWN, String(cuts))
      const text = await shownOf(maskingOf(said, question()), splitAt(said.bytes, cuts))
      assert.equal(viewOfAnswer(said, text).text, `It is ${VALUE}.`)
    }
  })

  test(`${name}: a tool that nobody looks into is called with them, too, and with everything else as it came`, async () => {
    const called = writtenAnswer(dialect, path, body, { call: { name: 'send', input: INPUT } })
    const shown = await shownOf(maskingOf(called, question({ send: 'exempt' })), [called.bytes])
    const [call] = viewOfAnswer(called, shown).toolCalls
    const expected = { ...SHOWN, to: 'zq.wxyzk@kjqvx.org' }
    assert.deepEqual(JSON.parse(call?.arguments ?? ''), expected)
  })
}

test('what a provider has signed keeps its tokens', async () => {
  for (const [dialect, path, body] of SURFACES.filter(([one]) => one === 'anthropic')) {
    const answer = writtenAnswer(dialect, path, body, { reasoning: TEXT, text: TEXT })
    const restorable = new Map([[TOKEN, VALUE]])
    const shown = await shownOf(maskingOf(answer, { tools: inlineTools(), restorable }), [
      answer.bytes,
    ])
    const { reasoning, text } = viewOfAnswer(answer, shown)
    assert.deepEqual([reasoning, text], [TEXT, `It is ${VALUE}.`])
  }
})
