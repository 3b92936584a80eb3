/** Records exchanges that hold a text wherever a record can hold one, and opens the trace index over them. */
import { gzipSync } from 'node:zlib'
import { openTracing, type Tracing } from '../../src/app/open-tracing.ts'
import type { ExchangeId } from '../../src/lib/ids.ts'
import type { HeaderList } from '../../src/model/record.ts'
import { chatBody, closingFacts, openingFacts, wholeBody, type TestEvidence } from './evidence.ts'

/** Words of its own for each place, more than are promised to be found. */
export function leak(n: number): string {
  let state = (n + 1) * 2_654_435_761
  const word = (): string => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state >>> 4).toString(36)
  }
  return `${Array.from({ length: 40 }, word).join(' ')}.`
}

const JSON_TYPE: HeaderList = [['content-type', 'application/json']]
const STREAM_TYPE: HeaderList = [['content-type', 'text/event-stream']]

export interface Sent {
  readonly request?: string
  readonly headers?: HeaderList
  readonly body?: Buffer
  readonly isUpload?: boolean
  readonly retentionClass?: string
  readonly answer?: { readonly headers: HeaderList; readonly chunks: readonly Buffer[] }
}

export async function recordSent({ evidence }: TestEvidence, sent: Sent): Promise<ExchangeId> {
  const base = openingFacts()
  const headers = [...base.received.headers, ...(sent.headers ?? [])]
  const { retentionClass = base.retentionClass } = sent
  const facts = openingFacts({ received: { ...base.received, headers }, retentionClass })
  const chat = chatBody([{ role: 'user', text: sent.request ?? 'nothing of interest' }])
  const body = sent.body === undefined ? wholeBody(chat.bytes, chat.spans) : wholeBody(sent.body)
  const recording = await evidence.recorder.open({
    facts,
    body: sent.isUpload === true ? { kind: 'streamed' } : body,
  })
  if (sent.isUpload === true) {
    for (const part of pieces(sent.body ?? Buffer.alloc(0), 31))
      recording.requestChunk(part, performance.now())
  }
  const answer = sent.answer ?? { headers: JSON_TYPE, chunks: [Buffer.from('{}')] }
  recording.answerHead({ status: 200, headers: answer.headers }, 'upstream', performance.now())
  for (const chunk of answer.chunks) recording.answerChunk(chunk, performance.now())
  await recording.close(closingFacts())
  return facts.id
}

function pieces(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  )
}

/** One word in each event, events cut anywhere. */
function streamOf(text: string, delta: (word: string) => object): Buffer[] {
  const events = text
    .split(/(?<= )/)
    .map((word) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: delta(word) }] })}\n\n`)
  return pieces(Buffer.from(`${events.join('')}data: [DONE]\n\n`), 23)
}

export const PLACES: readonly (readonly [name: string, sent: (text: string) => Sent])[] = [
  ['a prompt', (text) => ({ request: `Read this.\n${text}\nThank you.` })],
  [
    'an answer',
    (text) => ({
      answer: {
        headers: JSON_TYPE,
        chunks: [
          Buffer.from(
            JSON.stringify({
              choices: [{ index: 0, message: { role: 'assistant', content: text } }],
            }),
          ),
        ],
      },
    }),
  ],
  [
    'a stream, a word in each event',
    (text) => ({
      answer: { headers: STREAM_TYPE, chunks: streamOf(text, (content) => ({ content })) },
    }),
  ],
  [
    'the arguments of a tool call in a stream',
    (text) => ({
      answer: {
        headers: STREAM_TYPE,
        chunks: streamOf(JSON.stringify({ path: '/tmp/x', content: text }), (part) => ({
          tool_calls: [
            {
              index: 0,
              id: 'call_1',
              type: 'function',
              function: { name: 'write', arguments: part },
            },
          ],
        })),
      },
    }),
  ],
  [
    'a compressed answer',
    (text) => ({
      answer: {
        headers: [...JSON_TYPE, ['content-encoding', 'gzip']],
        chunks: pieces(
          gzipSync(JSON.stringify({ choices: [{ index: 0, message: { content: text } }] })),
          40,
        ),
      },
    }),
  ],
  [
    'a compressed request',
    (text) => ({
      headers: [['content-encoding', 'gzip']],
      body: gzipSync(JSON.stringify({ messages: [{ content: text }] })),
    }),
  ],
  ['an upload', (text) => ({ isUpload: true, body: Buffer.from(`header\n${text}\nfooter`) })],
  [
    'base64 in a prompt',
    (text) => ({ request: `data:text/plain;base64,${Buffer.from(text).toString('base64')}` }),
  ],
  [
    'an answer that no dialect reads',
    (text) => ({
      answer: { headers: [['content-type', 'text/plain']], chunks: [Buffer.from(text)] },
    }),
  ],
]

export async function tracingOf(folder: string, to: TestEvidence): Promise<Tracing> {
  return openTracing({ folder, storage: { kind: 'sqlite', folder } }, to.store, () => '')
}
