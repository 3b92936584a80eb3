/** The content of one exchange as a person is shown it: blocks with roles and novelty, the answer put together, masked or not. */
import type { RecordedExchange } from '../evidence/reader.ts'
import type { BlockRole } from '../model/dialect.ts'
import type { BlockRow, ExchangeRow, RequestHead } from '../model/record.ts'
import type { AnswerReading } from './answer-reading.ts'
import type { BlockPart } from './block-parts.ts'
import { blockParts } from './block-parts.ts'
import { maskHeaders, maskTarget, maskText } from './masking.ts'

export type ContentMode = 'masked' | 'revealed'
/** As it came to the gateway, or as it left it. */
export type ContentSide = 'received' | 'sent'
export type Novelty = 'new' | 'carried-over' | 'seen-before' | 'unknown'

export interface ShownPart extends BlockPart {
  readonly truncated: boolean
}

export interface ShownBlock {
  readonly index: number
  readonly id: string
  readonly role: BlockRole
  readonly start: number
  readonly end: number
  readonly bytes: number
  readonly novelty: Novelty
  readonly firstExchange: string | null
  readonly parts: readonly ShownPart[]
}

export interface ContentSources {
  readonly readAnswer: AnswerReading
  /** Where each block was stored first. */
  readonly blocks: (ids: readonly string[], retentionClass: string) => Promise<readonly BlockRow[]>
  readonly exchange: (id: BlockRow['firstExchange']) => Promise<ExchangeRow | null>
  /** False hides where a block came from. */
  readonly mayKnow: (row: ExchangeRow) => boolean
  /**
   * Threat: whoever is shown "new" only for texts that nobody sent before could ask what others sent. So those who see
   * only their own are not told.
   */
  readonly knowsAll: boolean
}

/** Longer texts are cut here; all of it is in the raw bytes. */
const TEXT_CHARS_MAX = 100_000
const ORIGINS_MAX = 500

export async function contentView(
  recorded: RecordedExchange,
  mode: ContentMode,
  sources: ContentSources,
) {
  const show = mode === 'masked' ? maskText : (text: string): string => text
  const { facts, row } = recorded
  const shownHead = (head: RequestHead): RequestHead =>
    mode === 'revealed'
      ? head
      : { ...head, target: maskTarget(head.target), headers: maskHeaders(head.headers) }
  return {
    received: shownHead(facts.received),
    sent: facts.sent === null ? null : shownHead(facts.sent),
    kind: requestKind(recorded),
    requestBytes: recorded.requestBody?.length ?? row.requestBytes,
    blocks: await shownBlocks(recorded, show, sources),
    requestText: opaqueText(recorded, show),
    answer: await shownAnswer(recorded, mode, show, sources.readAnswer),
  }
}

function requestKind(recorded: RecordedExchange): 'none' | 'blocks' | 'opaque' | 'unreadable' {
  if (recorded.requestBody === null) return recorded.row.requestBytes === 0 ? 'none' : 'unreadable'
  if (recorded.requestBody.length === 0) return 'none'
  return recorded.requestBlocks.length > 0 ? 'blocks' : 'opaque'
}

async function shownBlocks(
  recorded: RecordedExchange,
  show: (text: string) => string,
  sources: ContentSources,
): Promise<readonly ShownBlock[]> {
  const { requestBody, requestBlocks, row } = recorded
  if (requestBody === null) return []
  const novelty = await noveltyOf(
    row,
    requestBlocks.map((block) => block.id),
    sources,
  )
  return requestBlocks.map((block, index) => ({
    index,
    id: block.id,
    role: block.role,
    start: block.start,
    end: block.end,
    bytes: block.end - block.start,
    ...(novelty.get(block.id) ?? { novelty: 'unknown' as const, firstExchange: null }),
    parts: blockParts(requestBody.subarray(block.start, block.end), block.role).map((part) =>
      shownPart(part, show),
    ),
  }))
}

function shownPart(part: BlockPart, show: (text: string) => string): ShownPart {
  const truncated = part.text.length > TEXT_CHARS_MAX
  return { ...part, text: show(part.text.slice(0, TEXT_CHARS_MAX)), truncated }
}

type Origin = Pick<ShownBlock, 'novelty' | 'firstExchange'>

async function noveltyOf(
  row: ExchangeRow,
  ids: readonly string[],
  sources: ContentSources,
): Promise<ReadonlyMap<string, Origin>> {
  const stored = await sources.blocks([...new Set(ids)], row.retentionClass)
  const origins = new Map<string, Origin>()
  const known = new Map<string, ExchangeRow | null>()
  for (const { id, firstExchange } of stored) {
    if (firstExchange === row.id) {
      if (sources.knowsAll) origins.set(id, { novelty: 'new', firstExchange })
      continue
    }
    if (!known.has(firstExchange) && known.size < ORIGINS_MAX) {
      known.set(firstExchange, await sources.exchange(firstExchange))
    }
    const first = known.get(firstExchange) ?? null
    if (first === null || !sources.mayKnow(first)) continue
    const isSame = row.conversation !== null && first.conversation === row.conversation
    origins.set(id, { novelty: isSame ? 'carried-over' : 'seen-before', firstExchange })
  }
  return origins
}

function opaqueText(
  recorded: RecordedExchange,
  show: (text: string) => string,
): { readonly text: string | null; readonly truncated: boolean } {
  const { requestBody, requestBlocks } = recorded
  if (requestBody === null || requestBody.length === 0 || requestBlocks.length > 0)
    return { text: null, truncated: false }
  const text = requestBody.toString('utf8')
  // Bytes that are not UTF-8 decode to replacement characters: then it is no text.
  if (text.includes('\uFFFD') || text.includes('\0')) return { text: null, truncated: false }
  return {
    text: show(text.slice(0, TEXT_CHARS_MAX)),
    truncated: text.length > TEXT_CHARS_MAX,
  }
}

async function shownAnswer(
  recorded: RecordedExchange,
  mode: ContentMode,
  show: (text: string) => string,
  readAnswer: AnswerReading,
) {
  const { answerHead, answerChunks } = recorded
  const answer = await readAnswer(recorded)
  const view = answer.read(Buffer.concat(answer.pieces))
  const shorten = (text: string): string => show(text.slice(0, TEXT_CHARS_MAX))
  return {
    head:
      answerHead === null
        ? null
        : {
            ...answerHead,
            headers: mode === 'masked' ? maskHeaders(answerHead.headers) : answerHead.headers,
          },
    bytes: answerChunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0),
    chunks: answerChunks.length,
    problem: answer.problem,
    assembled:
      view === null
        ? null
        : {
            text: shorten(view.text),
            reasoning: shorten(view.reasoning),
            refusal: shorten(view.refusal),
            toolCalls: view.toolCalls.map((call) => ({
              ...call,
              arguments: shorten(call.arguments),
            })),
            error: view.error === null ? null : shorten(view.error),
            finishReason: view.finishReason,
            model: view.model,
            responseId: view.responseId,
            events: view.events,
            truncated: [view.text, view.reasoning].some((text) => text.length > TEXT_CHARS_MAX),
          },
  }
}
