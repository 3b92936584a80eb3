import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import fc from 'fast-check'
import OpenAI from 'openai'
import {
  agentSession,
  asciiJson,
  assertNothingPlanted,
  masked,
  scriptOf,
} from './harness/agent-session.ts'
import type { AgentTurn } from './harness/agent-session.ts'
import { assertSameEvents } from './harness/same-events.ts'
import { maskingOf, maskingPlan, shownOf, writtenAnswer } from './harness/masked-answer.ts'
import { assertSplit, splitAt, wholeResult } from './harness/stream-splits.ts'
import { startGateway } from './harness/gateway.ts'
import type { TestGateway } from './harness/gateway.ts'

const STRICT = { plan: maskingPlan({ packs: ['strict'] }) }

const gateways: TestGateway[] = []
const at = (): TestGateway => gateways[0]!

before(async () => {
  gateways.push(await startGateway({ yaml: 'masking: { packs: [strict] }\n' }))
})
after(async () => {
  for (const gateway of gateways) await gateway[Symbol.asyncDispose]()
})

/** Tells the sandbox what to say, and keeps what the gateway answered, byte for byte. */
class Wire {
  turn: AgentTurn | null = null
  readonly answers: { readonly status: number; readonly bytes: string }[] = []
  readonly #attempts = new Map<AgentTurn, number>()

  readonly fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const headers = new Headers(init?.headers)
    headers.set('x-sandbox-script', asciiJson(this.#script()))
    const answer = await fetch(url, { ...init, headers })
    const bytes = await answer.text()
    this.answers.push({ status: answer.status, bytes })
    return new Response(bytes, answer)
  }

  #script(): object {
    const { turn } = this
    if (turn === null) return {}
    const attempt = (this.#attempts.get(turn) ?? 0) + 1
    this.#attempts.set(turn, attempt)
    const fails = turn.retriedAfter !== undefined && attempt === 1
    return fails ? { status: turn.retriedAfter } : scriptOf(turn)
  }
}

/** What the provider was asked since the last look, and what it answered. */
function exchanged(gateway: TestGateway) {
  const seen = gateway.sandbox.received().map(({ seq, path, headers, body }) => ({
    path,
    headers: headers.filter(([name]) => name.toLowerCase() !== 'x-sandbox-script'),
    body: Buffer.from(body, 'base64').toString('utf8'),
    answer: gateway.sandbox.answerOf(seq).toString('utf8'),
  }))
  gateway.sandbox.clear()
  return seen
}

interface Asked {
  readonly path: string
  /** The body as the client sent it. */
  readonly body: string
  readonly turn: AgentTurn
}

/** One turn went as it must: what left, what came back, and how often. */
function assertTurn(wire: Wire, { path, body, turn }: Asked): void {
  const seen = exchanged(at())
  const attempts = turn.retriedAfter === undefined ? 1 : 2
  assert.equal(seen.length, attempts)
  for (const one of seen) {
    assert.equal(one.path, path)
    assert.equal(one.body, masked(body))
    assertNothingPlanted(`${JSON.stringify(one.headers)}${one.body}`, 'what left')
  }
  const answers = wire.answers.splice(0)
  assert.equal(answers.length, attempts)
  const shown = answers.at(-1)
  const given = seen.at(-1)
  assert.ok(shown?.status === 200 && given !== undefined)
  assertNothingPlanted(shown.bytes, 'what came back')
  if (turn.isWhole === true) assert.equal(shown.bytes, masked(given.answer))
  else assertSameEvents(shown.bytes, given.answer, masked)
}

test('a session as Claude Code has it: the provider and the agent see masks, and every other byte', async () => {
  const session = agentSession('claude-code')
  const wire = new Wire()
  const client = new Anthropic({
    apiKey: at().key,
    baseURL: `${at().url}/anthropic`,
    defaultHeaders: session.headers,
    fetch: wire.fetch,
    maxRetries: 1,
  })
  const messages: Anthropic.Beta.BetaMessageParam[] = []
  let called = ''
  for (const turn of session.turns) {
    wire.turn = null
    const content = turn.user.map((part) =>
      part['type'] === 'tool_result' ? { ...part, tool_use_id: called } : part,
    )
    messages.push({
      role: 'user',
      content: content as unknown as Anthropic.Beta.BetaContentBlockParam[],
    })
    const params = {
      ...session.head,
      messages: marked(messages),
    } as Anthropic.Beta.MessageCreateParamsStreaming
    const { max_tokens: _max, stream: _stream, metadata: _metadata, ...counted } = params
    const { input_tokens } = await client.beta.messages.countTokens(counted)
    assert.ok(input_tokens > 0)
    const count = exchanged(at())
    assert.deepEqual(
      count.map(({ path, body }) => [path, body]),
      [['/v1/messages/count_tokens', masked(JSON.stringify(counted))]],
    )
    assertNothingPlanted(JSON.stringify(count), 'what was counted')
    wire.answers.length = 0
    wire.turn = turn
    const asked = turn.isWhole === true ? { ...params, stream: false as const } : params
    const message =
      turn.isWhole === true
        ? await client.beta.messages.create({ ...params, stream: false })
        : await client.beta.messages.stream(params).finalMessage()
    assertTurn(wire, { path: session.path, body: JSON.stringify(asked), turn })
    messages.push({
      role: 'assistant',
      content: message.content as Anthropic.Beta.BetaContentBlockParam[],
    })
    for (const block of message.content) {
      if (block.type === 'thinking') {
        assert.equal(block.thinking, turn.answer.reasoning)
        assert.ok(block.signature.length > 40)
      } else if (block.type === 'text') assert.equal(block.text, masked(turn.answer.text ?? ''))
      else if (block.type === 'tool_use') {
        called = block.id
        assert.equal(JSON.stringify(block.input), masked(scriptOf(turn).call?.input ?? ''))
      } else assert.fail(block.type)
    }
  }
})

/** The cache mark moves on with every turn. */
function marked(
  messages: readonly Anthropic.Beta.BetaMessageParam[],
): readonly Anthropic.Beta.BetaMessageParam[] {
  return messages.map((message, index) => {
    const blocks = message.content ?? []
    if (index !== messages.length - 1 || typeof blocks === 'string') return message
    const content = blocks.map((block, place) =>
      place === blocks.length - 1
        ? { ...block, cache_control: { type: 'ephemeral' as const } }
        : block,
    )
    return { ...message, content } as Anthropic.Beta.BetaMessageParam
  })
}

for (const name of ['claude-code', 'codex'] as const) {
  test(`the streams of ${name} in any pieces show what they show in one`, async () => {
    const { path, head, turns } = agentSession(name)
    const isAnthropic = name === 'claude-code'
    for (const turn of turns.filter(({ isWhole }) => isWhole !== true)) {
      const said = isAnthropic
        ? { messages: [{ role: 'user', content: turn.user }] }
        : { input: turn.user }
      const dialect = isAnthropic ? 'anthropic' : 'openai'
      const answer = writtenAnswer(dialect, path, { ...head, ...said }, scriptOf(turn))
      const whole = await wholeResult(answer, STRICT)
      const shown = await shownOf(maskingOf(answer, STRICT), [answer.bytes])
      assertNothingPlanted(shown.toString('utf8'), name)
      assertSameEvents(shown.toString('utf8'), answer.bytes.toString('utf8'), masked)
      const places = fc.array(fc.nat(answer.bytes.length), { maxLength: 40 })
      await fc.assert(
        fc.asyncProperty(places, (at) =>
          assertSplit(answer, splitAt(answer.bytes, at), whole, String(at), STRICT),
        ),
        { numRuns: 10 },
      )
    }
  })
}

test('a session as Codex has it: the provider and the agent see masks, and every other byte', async () => {
  const session = agentSession('codex')
  const wire = new Wire()
  const client = new OpenAI({
    apiKey: at().key,
    baseURL: `${at().url}/openai/v1`,
    defaultHeaders: session.headers,
    fetch: wire.fetch,
    maxRetries: 1,
  })
  const history: OpenAI.Responses.ResponseInputItem[] = []
  let called = ''
  let before = ''
  for (const turn of session.turns) {
    wire.turn = turn
    const fresh = turn.user.map((item) =>
      String(item['type']).endsWith('_output') ? { ...item, call_id: called } : item,
    ) as unknown as OpenAI.Responses.ResponseInputItem[]
    history.push(...fresh)
    const params = {
      ...session.head,
      input: turn.continues === true ? fresh : [...history],
      ...(turn.continues === true ? { previous_response_id: before } : {}),
      stream: turn.isWhole !== true,
    } as OpenAI.Responses.ResponseCreateParams
    const response = await finalOf(client, params)
    assertTurn(wire, { path: session.path, body: JSON.stringify(params), turn })
    before = response.id
    history.push(...(response.output as OpenAI.Responses.ResponseInputItem[]))
    for (const item of response.output) {
      if (item.type === 'reasoning') {
        assert.deepEqual(
          item.summary.map(({ text }) => text),
          [masked(turn.answer.reasoning ?? '')],
        )
        assert.ok((item.encrypted_content ?? '').length > 40)
      } else if (item.type === 'function_call') {
        called = item.call_id
        assert.equal(item.arguments, masked(scriptOf(turn).call?.input ?? ''))
        assert.deepEqual(Object.keys(JSON.parse(item.arguments)), [
          'cmd',
          'workdir',
          'yield_time_ms',
        ])
      } else if (item.type === 'custom_tool_call') {
        called = item.call_id
        assert.equal(item.input, masked(scriptOf(turn).call?.input ?? ''))
      } else assert.equal(item.type, 'message')
    }
    assert.equal(response.output_text, masked(turn.answer.text ?? ''))
  }
})

/** The answer as the last event has it, and only when it says the same as the deltas before. */
async function finalOf(
  client: OpenAI,
  params: OpenAI.Responses.ResponseCreateParams,
): Promise<OpenAI.Responses.Response> {
  if (params.stream !== true) return client.responses.create({ ...params, stream: false })
  let said = ''
  let last: OpenAI.Responses.Response | null = null
  for await (const event of await client.responses.create({ ...params, stream: true })) {
    if (event.type === 'response.output_text.delta') said += event.delta
    if (event.type === 'response.completed') last = event.response
  }
  assert.ok(last !== null)
  const { output } = last
  const text = output.flatMap((item) =>
    item.type === 'message'
      ? item.content.map((part) => (part.type === 'output_text' ? part.text : ''))
      : [],
  )
  assert.equal(said, text.join(''))
  return { ...last, output_text: said }
}
