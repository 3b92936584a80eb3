import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { scanJson } from '../src/lib/json/scan.ts'
import { inspectRequest } from '../src/gateway/masking/inspect-request.ts'
import { SLICE_UNITS } from '../src/gateway/masking/in-slices.ts'
import { inlineTools } from './harness/masking-paths.ts'
import { maskingOf, maskingPlan, viewOfAnswer, writtenAnswer } from './harness/masked-answer.ts'
import type { WrittenAnswer } from './harness/masked-answer.ts'
import { countTurns } from './harness/turns.ts'

const EMAIL = 'zq.wxyzk@kjqvx.org'
/** Values at every border of a slice, and more than a few slices. */
const TEXT = `${'word '.repeat(400)}${EMAIL} `.repeat(90)
const MASKED = TEXT.replaceAll(EMAIL, '<EMAIL_ADDRESS>')
/** A slice, the context in front of it, and what one turn may begin of the next. */
const TURN_MAX = 2 * SLICE_UNITS + 4096

const plain = maskingPlan({ packs: ['pii'] })
const turns = countTurns(plain.rules)
const plan = { ...plain, rules: turns.rules }
const tools = {
  ...inlineTools(),
  pool: {
    ...inlineTools().pool,
    inspect: (question: Parameters<ReturnType<typeof inlineTools>['pool']['inspect']>[0]) =>
      turns.aside(() => inlineTools().pool.inspect(question)),
  },
}

async function shownInTurns(
  answer: WrittenAnswer,
): Promise<{ readonly shown: Buffer; readonly all: number }> {
  let shown: Buffer = Buffer.alloc(0)
  const { most, all } = await turns.during(async () => {
    const masking = maskingOf(answer, { plan, tools })
    const out: Buffer[] = []
    for (const piece of answer.pieces) {
      out.push(await masking.push(piece))
      await turn()
    }
    out.push(await masking.end())
    shown = Buffer.concat(out)
  })
  assert.ok(most <= TURN_MAX, `${most} characters in one turn`)
  return { shown, all }
}

const user = [{ role: 'user', content: 'x' }]
const ONE_EVENT = { text: TEXT, events: 1 }
const CALL = { call: { name: 'send', input: JSON.stringify({ note: TEXT }) }, events: 1 }
const STREAMS = [
  ['openai', '/v1/chat/completions', { model: 'm', messages: user, stream: true }],
  ['openai', '/v1/responses', { model: 'm', input: 'x', stream: true }],
  ['anthropic', '/v1/messages', { model: 'm', max_tokens: 9, messages: user, stream: true }],
  [
    'gemini',
    '/v1beta/models/m:streamGenerateContent?alt=sse',
    { contents: [{ role: 'user', parts: [{ text: 'x' }] }] },
  ],
  ['ollama', '/api/chat', { model: 'm', messages: user, stream: true }],
  [
    'bedrock',
    '/model/m/converse-stream',
    { messages: [{ role: 'user', content: [{ text: 'x' }] }] },
  ],
] as const

for (const [dialect, path, body] of STREAMS) {
  test(`${dialect} ${path}: an event with a long text holds nobody up, and is masked as any other`, async () => {
    const said = writtenAnswer(dialect, path, body, ONE_EVENT)
    const { shown, all } = await shownInTurns(said)
    assert.equal(viewOfAnswer(said, shown).text, MASKED)
    assert.ok(all >= TEXT.length)
    // The others send arguments in short pieces.
    if (dialect !== 'gemini' && dialect !== 'ollama') return
    const called = writtenAnswer(dialect, path, body, CALL)
    const [call] = viewOfAnswer(called, (await shownInTurns(called)).shown).toolCalls
    assert.deepEqual(JSON.parse(call?.arguments ?? ''), { note: MASKED })
  })
}

test('a long answer that is one document, plain text, or JSON in name only holds nobody up', async () => {
  const whole = writtenAnswer(
    'openai',
    '/v1/chat/completions',
    { model: 'm', messages: user },
    { text: TEXT },
  )
  assert.equal(viewOfAnswer(whole, (await shownInTurns(whole)).shown).text, MASKED)
  const bytes = Buffer.from(`= ${TEXT}`)
  for (const contentType of ['application/json', 'text/plain']) {
    const { shown, all } = await shownInTurns({ ...whole, contentType, bytes, pieces: [bytes] })
    assert.equal(shown.toString(), `= ${MASKED}`)
    assert.ok(all >= TEXT.length, contentType)
  }
})

test('a long prompt is the work of a thread: one long text, or many short ones', async () => {
  const bodies = [
    { messages: [{ role: 'user', content: TEXT }] },
    { messages: TEXT.match(/.{2019}/g)?.map((content) => ({ role: 'user', content })) },
    {
      messages: [
        {
          role: 'user',
          content: [{ type: 'tool_result', content: JSON.stringify({ note: TEXT }) }],
        },
      ],
    },
  ]
  for (const body of bodies) {
    const bytes = Buffer.from(JSON.stringify(body))
    const scan = scanJson(bytes, { depthMax: 64, elementsMax: 100_000 })
    assert.ok(scan.kind === 'tape')
    const { most } = await turns.during(async () => {
      const question = { tape: scan.tape, blocks: [], plan, scope: '' }
      assert.equal((await inspectRequest(tools, question)).splices.length, 90)
    })
    assert.equal(most, 0)
  }
})
