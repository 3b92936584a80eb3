import assert from 'node:assert/strict'
import { test } from 'node:test'
import OpenAI from 'openai'
import { startGateway } from './harness/gateway.ts'

const POLICY = `version: 1
rules:
  - { id: names, title: Names are masked, on: response, keywords: [bluebird], then: mask, stage: enforce }
`

test('the masked answer that a caller sends along in the next turn is carried over, streamed or not', async () => {
  await using gateway = await startGateway({ policy: POLICY })
  const client = new OpenAI({ baseURL: `${gateway.url}/openai/v1`, apiKey: gateway.key })
  for (const stream of [false, true]) {
    const first = { role: 'user' as const, content: `it is called bluebird, ${stream}` }
    let said = ''
    if (stream) {
      const events = await client.chat.completions.create({
        model: 'echo',
        stream: true,
        messages: [first],
      })
      for await (const event of events) said += event.choices[0]?.delta.content ?? ''
    } else {
      const answer = await client.chat.completions.create({ model: 'echo', messages: [first] })
      said = answer.choices[0]?.message.content ?? ''
    }
    assert.ok(said !== '' && !said.includes('bluebird'), said)
    const next = (content: string, last: string) =>
      client.chat.completions
        .create({
          model: 'echo',
          messages: [first, { role: 'assistant', content }, { role: 'user', content: last }],
        })
        .asResponse()
    const blocksOf = async (answer: Response): Promise<number | undefined> =>
      (await gateway.recorded(answer.headers.get('x-custody-exchange'))).facts.novelty?.blocks
    // What no model said is new, however much it looks like the answer.
    assert.equal(await blocksOf(await next(`${said}, and more`, 'go on')), 2, String(stream))
    assert.equal(await blocksOf(await next(said, 'and then')), 1, String(stream))
  }
})
