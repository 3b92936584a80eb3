import assert from 'node:assert/strict'
import { test } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import { BedrockRuntimeClient, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime'
import { GoogleGenAI } from '@google/genai'
import { Ollama } from 'ollama'
import OpenAI from 'openai'
import { assertRow, startTappedGateway } from '../harness/faithful.ts'
import type { TappedGateway } from '../harness/faithful.ts'

/** Reads one streamed answer to its end with each family's own client, without retries; `script` misleads the provider. */
type Read = (tapped: TappedGateway, script: string, model: string) => Promise<string>

const PROMPT = 'A somewhat longer answer, so that there is a middle to cut it in. '.repeat(8)

const CLIENTS: Readonly<Record<string, Read>> = {
  'openai chat': async (tapped, script, model) => {
    const client = new OpenAI({
      apiKey: tapped.key,
      baseURL: `${tapped.url}/openai/v1`,
      maxRetries: 0,
      defaultHeaders: { 'x-sandbox-script': script },
    })
    const messages = [{ role: 'user' as const, content: PROMPT }]
    const stream_options = { include_usage: true }
    const stream = client.chat.completions.stream({ model, messages, stream_options })
    const whole = await stream.finalChatCompletion()
    return whole.choices[0]?.message.content ?? ''
  },
  'openai responses': async (tapped, script, model) => {
    const client = new OpenAI({
      apiKey: tapped.key,
      baseURL: `${tapped.url}/openai/v1`,
      maxRetries: 0,
      defaultHeaders: { 'x-sandbox-script': script },
    })
    const stream = client.responses.stream({ model, input: PROMPT })
    return (await stream.finalResponse()).output_text
  },
  anthropic: async (tapped, script, model) => {
    const client = new Anthropic({
      apiKey: tapped.key,
      baseURL: `${tapped.url}/anthropic`,
      maxRetries: 0,
      defaultHeaders: { 'x-sandbox-script': script },
    })
    const messages = [{ role: 'user' as const, content: PROMPT }]
    return client.messages.stream({ model, max_tokens: 100, messages }).finalText()
  },
  gemini: async (tapped, script, model) => {
    const client = new GoogleGenAI({
      apiKey: tapped.key,
      httpOptions: { baseUrl: `${tapped.url}/gemini`, headers: { 'x-sandbox-script': script } },
    })
    let text = ''
    for await (const chunk of await client.models.generateContentStream({
      model,
      contents: PROMPT,
    })) {
      text += chunk.text ?? ''
    }
    return text
  },
  bedrock: async (tapped, script, model) => {
    const client = new BedrockRuntimeClient({
      region: 'us-east-1',
      endpoint: `${tapped.url}/bedrock`,
      token: { token: tapped.key },
      authSchemePreference: ['httpBearerAuth'],
      maxAttempts: 1,
    })
    client.middlewareStack.add(
      (next) => (args) => {
        const { request } = args
        if (typeof request === 'object' && request !== null && 'headers' in request)
          Object.assign(request.headers ?? {}, { 'x-sandbox-script': script })
        return next(args)
      },
      { step: 'build' },
    )
    try {
      const messages = [{ role: 'user' as const, content: [{ text: PROMPT }] }]
      const { stream } = await client.send(new ConverseStreamCommand({ modelId: model, messages }))
      let text = ''
      for await (const event of stream ?? []) text += event.contentBlockDelta?.delta?.text ?? ''
      return text
    } finally {
      client.destroy()
    }
  },
  ollama: async (tapped, script, model) => {
    const client = new Ollama({
      host: `${tapped.url}/ollama`,
      headers: { authorization: `Bearer ${tapped.key}`, 'x-sandbox-script': script },
    })
    const messages = [{ role: 'user', content: PROMPT }]
    let text = ''
    for await (const part of await client.chat({ model, messages, stream: true }))
      text += part.message.content
    return text
  },
}

for (const [name, read] of Object.entries(CLIENTS)) {
  test(`${name}: an answer in any pieces, or gzipped, is read and recorded as it came`, async () => {
    await using tapped = await startTappedGateway()
    // The AWS client asks for no content encoding and understands none.
    const encodings =
      name === 'bedrock' ? [] : ['{"encoding":"gzip"}', '{"encoding":"gzip","chunkBytes":50}']
    for (const script of ['{"chunkBytes":7}', ...encodings]) {
      assert.equal(await read(tapped, script, 'echo'), PROMPT, script)
      assertRow((await tapped.traffic()).at(-1)!, {
        state: 'complete',
        outputTokens: Math.ceil(PROMPT.length / 4),
      })
    }
  })

  test(`${name}: a stream that the provider cuts is an error at the client, never a short answer`, async () => {
    for (const script of ['{"cutAfterBytes":700}', '{"cutAfterBytes":1501}']) {
      await using tapped = await startTappedGateway()
      await assert.rejects(read(tapped, script, 'echo'), script)
      const [only, ...others] = await tapped.traffic()
      assert.equal(others.length, 0)
      assertRow(only!, { state: 'interrupted' })
      assert.equal(only!.record.closing?.outcome, 'upstream-failed')
    }
  })

  test(`${name}: a provider that hangs up before it answers is a 502 in the client's own words`, async () => {
    await using tapped = await startTappedGateway()
    await assert.rejects(read(tapped, '{"cutBeforeHeaders":true}', 'echo'), (error) => {
      assert.ok(error instanceof Error)
      assert.match(error.message, /upstream closed the connection/)
      return true
    })
    const [only] = await tapped.traffic()
    assertRow(only!, { state: 'complete', status: 502 })
    assert.equal(only!.record.closing?.errorCode, 'upstream.reset')
  })
}
