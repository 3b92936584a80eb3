import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { answerFlow } from '../../src/gateway/masking/answer-flow.ts'
import { maskingOf } from '../harness/masked-answer.ts'
import {
  assertSplit,
  assertUnseen,
  splitAt,
  STREAMED_SURFACES,
  STREAMED_TOOLS,
  streamOf,
  wholeResult,
} from '../harness/stream-splits.ts'

const EMAIL = 'zq.wxyzk@kjqvx.org'
const CARD = '4111 1111 1111 1111'
const TEXT = `Grüße 🎈 ${EMAIL} pay ${CARD} or ${EMAIL}`
const LONG = `${TEXT}, `.repeat(40)

for (const surface of [...STREAMED_SURFACES, ...STREAMED_TOOLS]) {
  test(`${surface.name}: every byte may be a cut, and an end`, async () => {
    const answer = streamOf(surface, { text: TEXT, events: 17 })
    const whole = await wholeResult(answer)
    for (let at = 1; at < answer.bytes.length; at += 1) {
      await assertSplit(answer, splitAt(answer.bytes, [at]), whole, `cut at ${at}`)
      const flow = answerFlow(maskingOf(answer))
      const shown = flow.push(answer.bytes.subarray(0, at))
      const rest = await flow.end()
      assert.ok(Buffer.isBuffer(shown))
      const seen = Buffer.isBuffer(rest) ? Buffer.concat([shown, rest]) : shown
      assertUnseen(answer, seen, [EMAIL, CARD], `${surface.name} up to ${at}`)
    }
  })

  test(`${surface.name}: a long stream in random pieces is masked as in one`, async () => {
    const answer = streamOf(surface, { text: LONG, events: 400 })
    const whole = await wholeResult(answer)
    const places = fc.array(fc.nat(answer.bytes.length), { maxLength: 200 })
    await fc.assert(
      fc.asyncProperty(places, (at) =>
        assertSplit(answer, splitAt(answer.bytes, at), whole, String(at)),
      ),
      { numRuns: 50 },
    )
  })
}
