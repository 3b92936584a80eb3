import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newExchangeId } from '../lib/ids.ts'
import type { ClosingFacts } from '../model/record.ts'
import { exchangeLine } from './exchange-line.ts'
import type { ExchangeOpened } from './exchange-line.ts'

const opened: ExchangeOpened = {
  id: newExchangeId(1),
  principal: null,
  tags: { service: 'batch', headers: { 'x-tag': 'private' } },
  upstream: 'openai',
  surface: 'openai.chat-completions',
  route: 'default',
  mode: 'strict',
  model: 'm'.repeat(500),
  stream: true,
}
const closing: ClosingFacts = {
  endedAtMs: 1,
  state: 'refused',
  outcome: 'refused',
  errorCode: 'identity.missing',
  status: 401,
  upstreamStatus: null,
  upstreamAddress: null,
  answerBytes: 0,
  releasedBytes: 0,
  firstByteMs: null,
  durationMs: 1.2345,
  finishReason: null,
  responseId: null,
  responseModel: null,
  usage: { inputTokens: null, outputTokens: null, cachedInputTokens: null, reasoningTokens: null },
  answerSplices: [],
}

test('the line says who, where and how it ended', () => {
  const line = exchangeLine(opened, closing)
  assert.equal(line['exchange'], opened.id)
  assert.equal(line['outcome'], 'refused')
  assert.equal(line['errorCode'], 'identity.missing')
  assert.equal(line['declaredService'], 'batch')
  assert.equal(line['durationMs'], 1.2)
  assert.equal(line['firstByteMs'], undefined)
  assert.equal(line['principal'], undefined)
})

test('the line holds no header, and a model name of bounded length', () => {
  const line = exchangeLine(opened, closing)
  assert.ok(!JSON.stringify(line).includes('private'))
  assert.equal(String(line['model']).length, 128)
})
