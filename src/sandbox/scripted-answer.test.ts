import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Prompt } from './scripted-answer.ts'
import { failureOf, PARAGRAPH, scriptedAnswer } from './scripted-answer.ts'
import { promptTokens, tokensOf } from './tokens.ts'

const prompt = (changes: Partial<Prompt>): Prompt => ({
  model: 'echo',
  userText: 'hello',
  toolResult: null,
  tools: [],
  inputTokens: 1,
  ...changes,
})

const textOf = (model: string) => scriptedAnswer(prompt({ model }), {}).text

test('a behaviour is found as a whole segment of the model name', () => {
  for (const model of [
    'echo',
    'models/echo',
    'publishers/google/models/echo',
    'echo:latest',
    'anthropic.echo-v1:0',
    'us.anthropic.echo-v2',
    'openai/echo',
    'arn:aws:bedrock:us-east-1::foundation-model/anthropic.echo-v1:0',
    'echo-2026-01-01',
    'echo@default',
  ]) {
    assert.equal(textOf(model), 'hello', model)
  }
})

test('a name that only contains a behaviour gets the paragraph', () => {
  for (const model of [
    '',
    'echoes',
    'my-echo',
    'anecho',
    'echo-fast',
    'ECHO',
    'toolbox',
    'gpt-9',
  ]) {
    assert.equal(textOf(model), PARAGRAPH, model)
  }
})

test('only client and server errors can be asked for by name', () => {
  assert.equal(failureOf('error-429'), 429)
  assert.equal(failureOf('us.anthropic.error-503-v1:0'), 503)
  assert.equal(failureOf('models/error-400'), 400)
  for (const model of [
    'error',
    'error-200',
    'error-302',
    'error-4000',
    'error-600',
    'terror-400',
  ]) {
    assert.equal(failureOf(model), null, model)
  }
})

test('echo-slow comes in four characters every 20 ms and is whole within 2 s', () => {
  const short = scriptedAnswer(prompt({ model: 'echo-slow', userText: 'x'.repeat(10) }), {})
  assert.deepEqual(short.textPieces, ['xxxx', 'xxxx', 'xx'])
  assert.deepEqual([short.intervalMs, short.wholeDelayMs], [20, 60])
  const long = scriptedAnswer(prompt({ model: 'echo-slow', userText: 'x'.repeat(9999) }), {})
  assert.equal(long.wholeDelayMs, 2000)
  assert.equal(scriptedAnswer(prompt({}), {}).wholeDelayMs, 0)
})

test('arguments are filled by the schema when the user text is no JSON object', () => {
  const schema = {
    type: 'object',
    properties: {
      city: { type: 'string' },
      days: { type: 'integer' },
      exact: { type: ['boolean', 'null'] },
      unit: { enum: ['celsius', 'kelvin'] },
      tags: { type: 'array' },
      where: { type: 'OBJECT', properties: { lat: { type: 'NUMBER' } } },
      any: {},
    },
  }
  for (const userText of ['', 'words', '[1]', '7', 'null', '{"open":']) {
    const tools = [
      { name: 'first', schema },
      { name: 'second', schema: null },
    ]
    const { call, text } = scriptedAnswer(prompt({ model: 'tool', userText, tools }), {})
    assert.equal(text, '')
    assert.equal(call?.name, 'first')
    assert.deepEqual(call?.input, {
      city: 'city',
      days: 1,
      exact: true,
      unit: 'celsius',
      tags: [],
      where: { lat: 1 },
      any: 'any',
    })
    assert.equal(call?.fragments.join(''), call?.json)
  }
})

test('the tool model says so when there is no tool to call', () => {
  const { call, text } = scriptedAnswer(prompt({ model: 'tool' }), {})
  assert.equal(call, null)
  assert.match(text, /No tool was offered/)
})

test('the script fixes text, size, number of events and pace', () => {
  const scripted = scriptedAnswer(prompt({}), { events: 50, bytes: 120_000, intervalMs: 5 })
  assert.equal(scripted.textPieces.length, 50)
  assert.equal(scripted.text.length, 120_000)
  assert.equal(scripted.intervalMs, 5)
  assert.equal(scriptedAnswer(prompt({}), { events: 50 }).textPieces.length, 50)
  assert.deepEqual(scriptedAnswer(prompt({}), { text: 'abc', events: 9 }).textPieces, [
    'a',
    'b',
    'c',
  ])
  assert.equal(scriptedAnswer(prompt({}), { text: 'abc' }).text, 'abc')
  assert.equal(scriptedAnswer(prompt({}), { reasoning: 'hm' }).reasoning, 'hm')
})

test('a token is four bytes and nothing is less than one', () => {
  for (const [text, tokens] of [
    ['', 1],
    ['a', 1],
    ['abcd', 1],
    ['abcde', 2],
    ['🎈🎈', 2],
  ] as const) {
    assert.equal(tokensOf(text), tokens)
  }
  assert.equal(promptTokens([{ a: 'abcd', b: ['abcd', 7, null] }], undefined), 2)
})
