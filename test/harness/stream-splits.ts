/** Streams of every surface that can be masked, and what must hold of them however they are cut. */
import assert from 'node:assert/strict'
import { spliced } from '../../src/lib/spliced.ts'
import type { AnswerQuestion, AnswerReport } from '../../src/gateway/masking/answer-masking.ts'
import type { Script } from '../../src/sandbox/script.ts'
import type { TestDialect } from './data-plane.ts'
import { maskingOf, shownOf, viewOfAnswer, writtenAnswer } from './masked-answer.ts'
import type { WrittenAnswer } from './masked-answer.ts'

interface StreamedSurface {
  readonly name: string
  readonly dialect: TestDialect
  readonly path: string
  readonly body: object
}

const CHAT = { model: 'echo', stream: true, messages: [{ role: 'user', content: 'x' }] }
const PARTS = [{ role: 'user', content: [{ text: 'x' }] }]
const anthropic = { max_tokens: 500, messages: [{ role: 'user', content: 'x' }] }
const gemini = { contents: [{ role: 'user', parts: [{ text: 'x' }] }] }

export const STREAMED_SURFACES: readonly StreamedSurface[] = [
  { name: 'chat completions', dialect: 'openai', path: '/v1/chat/completions', body: CHAT },
  {
    name: 'completions',
    dialect: 'openai',
    path: '/v1/completions',
    body: { model: 'echo', stream: true, prompt: 'x' },
  },
  {
    name: 'responses',
    dialect: 'openai',
    path: '/v1/responses',
    body: { model: 'echo', stream: true, input: 'x' },
  },
  {
    name: 'Anthropic messages',
    dialect: 'anthropic',
    path: '/v1/messages',
    body: { model: 'echo', stream: true, ...anthropic },
  },
  {
    name: 'Gemini',
    dialect: 'gemini',
    path: '/v1beta/models/echo:streamGenerateContent?alt=sse',
    body: gemini,
  },
  {
    name: 'Bedrock Converse',
    dialect: 'bedrock',
    path: '/model/echo/converse-stream',
    body: { messages: PARTS },
  },
  {
    name: 'Anthropic on Bedrock',
    dialect: 'bedrock',
    path: '/model/anthropic.echo/invoke-with-response-stream',
    body: { anthropic_version: 'bedrock-2023-05-31', ...anthropic },
  },
  { name: 'Ollama chat', dialect: 'ollama', path: '/api/chat', body: CHAT },
  {
    name: 'Ollama generate',
    dialect: 'ollama',
    path: '/api/generate',
    body: { model: 'echo', stream: true, prompt: 'x' },
  },
]

/** What a tool is called with: escapes, a whole-value name, a number, JSON in a text. */
const ARGUMENTS = JSON.stringify({
  to: 'zq.wxyzk@kjqvx.org',
  password: 'hunter2-hunter2',
  card: 4111111111111111,
  note: JSON.stringify({ again: 'zq.wxyzk@kjqvx.org', ok: 'Grüße 🎈' }),
})
const SCHEMA = { type: 'object' }
const ASKED = [{ role: 'user', content: ARGUMENTS }]

export const STREAMED_TOOLS: readonly StreamedSurface[] = [
  {
    name: 'tool of chat completions',
    dialect: 'openai',
    path: '/v1/chat/completions',
    body: {
      model: 'tool',
      stream: true,
      messages: ASKED,
      tools: [{ type: 'function', function: { name: 'send', parameters: SCHEMA } }],
    },
  },
  {
    name: 'tool of responses',
    dialect: 'openai',
    path: '/v1/responses',
    body: {
      model: 'tool',
      stream: true,
      input: ARGUMENTS,
      tools: [{ type: 'function', name: 'send', parameters: SCHEMA }],
    },
  },
  {
    name: 'tool of Anthropic messages',
    dialect: 'anthropic',
    path: '/v1/messages',
    body: {
      model: 'tool',
      stream: true,
      max_tokens: 500,
      messages: ASKED,
      tools: [{ name: 'send', input_schema: SCHEMA }],
    },
  },
  {
    name: 'tool of Bedrock Converse',
    dialect: 'bedrock',
    path: '/model/tool/converse-stream',
    body: {
      messages: [{ role: 'user', content: [{ text: ARGUMENTS }] }],
      toolConfig: { tools: [{ toolSpec: { name: 'send', inputSchema: { json: SCHEMA } } }] },
    },
  },
]

export function streamOf({ dialect, path, body }: StreamedSurface, script: Script): WrittenAnswer {
  return writtenAnswer(dialect, path, body, script)
}

function saidIn(answer: WrittenAnswer, bytes: Buffer): string {
  const { text, toolCalls } = viewOfAnswer(answer, bytes)
  return text + toolCalls.map((call) => call.arguments).join('')
}

/** Offsets and findings of a report, in an order that says nothing of time. */
function told({ findings }: AnswerReport): readonly string[] {
  return findings
    .map(({ entity, start, end, channel }) => `${channel} ${entity} ${start}-${end}`)
    .toSorted()
}

export interface WholeResult {
  readonly text: string
  readonly findings: readonly string[]
}

export async function wholeResult(
  answer: WrittenAnswer,
  changes: Partial<AnswerQuestion> = {},
): Promise<WholeResult> {
  const masking = maskingOf(answer, changes)
  const shown = await shownOf(masking, [answer.bytes])
  return { text: saidIn(answer, shown), findings: told(masking.report()) }
}

/** The same text and findings as of the whole, and the record describes what was shown. */
export async function assertSplit(
  answer: WrittenAnswer,
  chunks: readonly Buffer[],
  whole: WholeResult,
  what: string,
  changes: Partial<AnswerQuestion> = {},
): Promise<void> {
  const masking = maskingOf(answer, changes)
  const shown = await shownOf(masking, chunks)
  assert.equal(saidIn(answer, shown), whole.text, what)
  assert.deepEqual(told(masking.report()), whole.findings, what)
  assert.ok(spliced(answer.bytes, masking.report().splices).equals(shown), what)
}

/** No six characters of a secret that could help anybody, in clear or in the base64 of a frame. */
export function assertUnseen(
  answer: WrittenAnswer,
  shown: Buffer,
  secrets: readonly string[],
  what: string,
): void {
  const said = JSON.stringify(viewOfAnswer(answer, shown))
  for (const secret of secrets) {
    for (let at = 0; at + 6 <= secret.length; at += 1) {
      const piece = secret.slice(at, at + 6)
      assert.ok(!shown.includes(piece) && !said.includes(piece), `${what}: ${piece}`)
    }
  }
}

export function splitAt(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const chunks: Buffer[] = []
  let from = 0
  for (const place of [...places].toSorted((a, b) => a - b)) {
    chunks.push(bytes.subarray(from, place))
    from = place
  }
  chunks.push(bytes.subarray(from))
  return chunks
}
