import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AzureOpenAI } from 'openai'
import { AzureOpenAI as AzureOpenAI6 } from 'openai-6'
import { assembled, assertRow, startTappedGateway } from '../harness/faithful.ts'
import type { TappedGateway } from '../harness/faithful.ts'

const user = (content: string) => ({ role: 'user' as const, content })

for (const [name, Client] of [
  ['AzureOpenAI of openai 7', AzureOpenAI],
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same calls, older private types
  ['AzureOpenAI of openai 6', AzureOpenAI6 as unknown as typeof AzureOpenAI],
] as const) {
  const clientOf = (tapped: TappedGateway, prefix: string) =>
    new Client({
      apiKey: tapped.key,
      endpoint: tapped.url + prefix,
      apiVersion: '2026-01-01',
    })

  test(`${name}: chat, stream and embeddings reach the Azure upstream by prefix, origin and path tag`, async () => {
    await using tapped = await startTappedGateway()
    for (const prefix of ['/azure', '', '/t/nightly-ci/azure']) {
      const client = clientOf(tapped, prefix)
      const request = { model: 'echo', messages: [user('Grüße 🎈')] }
      const whole = await client.chat.completions.create(request)
      const streamed = await client.chat.completions
        .stream({ ...request, stream_options: { include_usage: true } })
        .finalChatCompletion()
      const embedded = await client.embeddings.create({ model: 'sandbox', input: 'x' })
      const [first, second, third] = (await tapped.traffic()).slice(-3)
      const declaredService = prefix.startsWith('/t/') ? 'nightly-ci' : ''
      assertRow(first!, {
        upstream: 'azure',
        surface: 'azure.chat-completions',
        model: 'echo',
        stream: false,
        inputTokens: whole.usage!.prompt_tokens,
        outputTokens: whole.usage!.completion_tokens,
        declaredService,
      })
      assertRow(second!, {
        upstream: 'azure',
        surface: 'azure.chat-completions',
        stream: true,
        outputTokens: streamed.usage!.completion_tokens,
        declaredService,
      })
      assert.equal(assembled(second!).text, 'Grüße 🎈')
      assertRow(third!, {
        upstream: 'azure',
        surface: 'azure.embeddings',
        model: 'sandbox',
        inputTokens: embedded.usage.prompt_tokens,
      })
      assert.equal(
        first!.received?.path,
        '/openai/deployments/echo/chat/completions?api-version=2026-01-01',
      )
      await client.models.list()
      assertRow((await tapped.traffic()).at(-1)!, { upstream: 'azure', surface: 'azure.models' })
    }
  })

  test(`${name}: an error is raised as the provider sent it, a wrong key as a refusal`, async () => {
    await using tapped = await startTappedGateway()
    const failing = clientOf(tapped, '/azure').chat.completions.create({
      model: 'error-400',
      messages: [user('x')],
    })
    await assert.rejects(failing, { status: 400, code: 'sandbox_400' })
    const stranger = new Client({
      apiKey: 'not-ours',
      endpoint: `${tapped.url}/azure`,
      apiVersion: '2026-01-01',
    })
    await assert.rejects(stranger.models.list(), { status: 401 })
    const traffic = await tapped.traffic()
    assert.deepEqual(
      traffic.map(({ record }) => [record.row.state, record.row.status]),
      [
        ['complete', 400],
        ['refused', 401],
      ],
    )
  })
}
