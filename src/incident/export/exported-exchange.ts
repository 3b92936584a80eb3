/** One exchange as an export holds it: what is known about it, its bodies and the texts put together, masked or as they were. */
import type { RecordedExchange } from '../../evidence/reader.ts'
import type { ExchangeRow, HeaderList } from '../../model/record.ts'
import type { AnswerReading } from '../answer-reading.ts'
import type { ContentMode, ShownBlock } from '../content-view.ts'
import { maskBytes, maskHeaders, maskTarget, maskText } from '../masking.ts'
import { blockParts } from '../block-parts.ts'

export interface ExportedExchange {
  readonly row: ExchangeRow
  readonly recorded: RecordedExchange
  /** JSON-able. */
  readonly record: Readonly<Record<string, unknown>>
  readonly request: ExportedMessage
  readonly answer: ExportedMessage
  readonly blocks: readonly Pick<ShownBlock, 'role' | 'parts'>[]
}

export interface ExportedMessage {
  /** Request line or status line. */
  readonly start: string
  readonly headers: HeaderList
  /** As received, not decoded. */
  readonly body: Buffer
  /** For reading. */
  readonly text: string
}

const EMPTY = Buffer.alloc(0)

export async function exportedExchange(
  recorded: RecordedExchange,
  content: 'raw' | 'masked',
  readAnswer: AnswerReading,
): Promise<ExportedExchange> {
  const { row, facts, closing } = recorded
  const show = shownAs(content === 'raw' ? 'revealed' : 'masked')
  const { method, target, httpVersion } = facts.received
  const requestBody = recorded.requestBody ?? EMPTY
  const blocks = recorded.requestBlocks.map(({ start, end, role }) => ({
    role,
    parts: blockParts(requestBody.subarray(start, end), role).map((part) => ({
      ...part,
      text: show.text(part.text),
      truncated: false,
    })),
  }))
  const answerBody = Buffer.concat(recorded.answerChunks.map(({ bytes }) => bytes))
  const status = recorded.answerHead?.status ?? closing?.status ?? 0
  return {
    row,
    recorded,
    record: recordOf(recorded, show),
    blocks,
    request: {
      start: `${method} ${show.target(target)} HTTP/${httpVersion}`,
      headers: show.headers(facts.received.headers),
      body: show.bytes(requestBody),
      text: blocks.length > 0 ? blocksText(blocks) : show.text(plainText(requestBody)),
    },
    answer: {
      start: `HTTP/${httpVersion} ${status}`,
      headers: show.headers(recorded.answerHead?.headers ?? []),
      body: show.bytes(answerBody),
      text: await answerText(recorded, readAnswer, show.text),
    },
  }
}

interface Shown {
  readonly text: (text: string) => string
  readonly bytes: (bytes: Buffer) => Buffer
  readonly headers: (headers: HeaderList) => HeaderList
  readonly target: (target: string) => string
  readonly isRaw: boolean
}

function shownAs(mode: ContentMode): Shown {
  if (mode === 'masked') {
    return {
      text: maskText,
      bytes: maskBytes,
      headers: maskHeaders,
      target: maskTarget,
      isRaw: false,
    }
  }
  const same = <Value>(value: Value): Value => value
  return { text: same, bytes: same, headers: same, target: same, isRaw: true }
}

function recordOf(recorded: RecordedExchange, show: Shown): ExportedExchange['record'] {
  const { row, facts, closing, answerHead, problems } = recorded
  const head = (one: typeof facts.received | null) =>
    one === null
      ? null
      : { ...one, target: show.target(one.target), headers: show.headers(one.headers) }
  const { requestSplices, received, sent, ...rest } = facts
  const { answerSplices, ...closed } = closing ?? { answerSplices: [] }
  return {
    ...rest,
    received: head(received),
    sent: head(sent),
    answerHead:
      answerHead === null ? null : { ...answerHead, headers: show.headers(answerHead.headers) },
    closing: closing === null ? null : closed,
    // What took the place of masked values may tell their shape.
    ...(show.isRaw ? { requestSplices, answerSplices } : {}),
    state: row.state,
    conversation: row.conversation,
    requestBytes: row.requestBytes,
    answerBytes: row.answerBytes,
    problems,
  }
}

function blocksText(blocks: ExportedExchange['blocks']): string {
  return blocks
    .map(({ role, parts }) => {
      const texts = parts.map(({ kind, name, text }) =>
        kind === 'text' ? text : `[${kind}${name === null ? '' : ` ${name}`}] ${text}`,
      )
      return `--- ${role} ---\n${texts.join('\n')}`
    })
    .join('\n\n')
}

/** Empty when it is no text. */
function plainText(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  return text.includes('\uFFFD') || text.includes('\0') ? '' : text
}

async function answerText(
  recorded: RecordedExchange,
  readAnswer: AnswerReading,
  show: (text: string) => string,
): Promise<string> {
  const answer = await readAnswer(recorded)
  const body = Buffer.concat(answer.pieces)
  const view = answer.read(body)
  if (view === null) return show(plainText(body))
  const sections: readonly (readonly [string, string])[] = [
    ['reasoning', view.reasoning],
    ['answer', view.text],
    ['refusal', view.refusal],
    ...view.toolCalls.map((call) => [`tool call ${call.name}`, call.arguments] as const),
    ['error', view.error ?? ''],
  ]
  return sections
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `--- ${name} ---\n${show(text)}`)
    .join('\n\n')
}
