import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GatewayError } from '../src/model/errors.ts'
import { answerFlow } from '../src/gateway/masking/answer-flow.ts'
import { answerTools, maskingOf } from './harness/masked-answer.ts'
import {
  assertSplit,
  assertUnseen,
  splitAt,
  STREAMED_SURFACES,
  STREAMED_TOOLS,
  streamOf,
  wholeResult,
} from './harness/stream-splits.ts'

const EMAIL = 'zq.wxyzk@kjqvx.org'
const CARD = '4111 1111 1111 1111'
const SECRETS = [EMAIL, CARD]
const TEXT = `Grüße 🎈 ${EMAIL} pay ${CARD} or ${EMAIL}`
const SHOWN = 'Grüße 🎈 <EMAIL_ADDRESS> pay <CREDIT_CARD> or <EMAIL_ADDRESS>'
/** A number without a common factor with anything in a frame; the long suite takes every byte. */
const STRIDE = 61

for (const surface of STREAMED_SURFACES) {
  test(`${surface.name}: any cut gives the text and the findings of the whole`, async () => {
    const answer = streamOf(surface, { text: TEXT, events: 23 })
    const whole = await wholeResult(answer)
    assert.equal(whole.text, SHOWN)
    assert.equal(whole.findings.length, 3)
    const { bytes } = answer
    await assertSplit(
      answer,
      [...bytes].map((byte) => Buffer.from([byte])),
      whole,
      'bytes',
    )
    for (let at = 1; at < bytes.length; at += STRIDE)
      await assertSplit(answer, splitAt(bytes, [at]), whole, `cut at ${at}`)
    const places = fc.array(fc.nat(bytes.length), { maxLength: 9 })
    await fc.assert(
      fc.asyncProperty(places, (at) => assertSplit(answer, splitAt(bytes, at), whole, String(at))),
      { numRuns: 20 },
    )
  })
}

for (const surface of STREAMED_TOOLS) {
  test(`${surface.name}: arguments stay JSON and are masked alike at any cut`, async () => {
    const answer = streamOf(surface, {})
    const whole = await wholeResult(answer)
    assert.deepEqual(JSON.parse(whole.text), {
      to: '<EMAIL_ADDRESS>',
      password: '<SECRET_FIELD>',
      card: '<CREDIT_CARD>',
      note: JSON.stringify({ again: '<EMAIL_ADDRESS>', ok: 'Grüße 🎈' }),
    })
    const { bytes } = answer
    await assertSplit(
      answer,
      [...bytes].map((byte) => Buffer.from([byte])),
      whole,
      'bytes',
    )
    for (let at = 1; at < bytes.length; at += STRIDE)
      await assertSplit(answer, splitAt(bytes, [at]), whole, `cut at ${at}`)
  })
}

for (const surface of STREAMED_SURFACES) {
  test(`${surface.name}: a stream that breaks off anywhere shows no part of a value`, async () => {
    const answer = streamOf(surface, { text: TEXT, events: 23 })
    for (let at = 1; at < answer.bytes.length; at += STRIDE) {
      const flow = answerFlow(maskingOf(answer))
      const shown = flow.push(answer.bytes.subarray(0, at))
      const rest = await flow.end()
      assert.ok(Buffer.isBuffer(shown))
      const seen = Buffer.isBuffer(rest) ? Buffer.concat([shown, rest]) : shown
      assertUnseen(answer, seen, SECRETS, `${surface.name} up to ${at}`)
    }
  })

  test(`${surface.name}: a fault in a detector ends the answer, and nothing held comes out`, () => {
    const answer = streamOf(surface, { text: TEXT, events: 23 })
    const tools = { ...answerTools(), master: Object.create(null) }
    const flow = answerFlow(maskingOf(answer, { tools }))
    const seen: Buffer[] = []
    let error: GatewayError | null = null
    for (const piece of answer.pieces) {
      const shown = flow.push(piece)
      if (Buffer.isBuffer(shown)) {
        assert.ok(error === null || shown.length === 0)
        seen.push(shown)
      } else if (shown instanceof GatewayError) error = shown
    }
    assert.equal(error?.code, 'policy.masking-failed')
    assertUnseen(answer, Buffer.concat(seen), SECRETS, surface.name)
  })
}
