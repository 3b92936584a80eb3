/** Reads one exchange of a control plane: metadata, and its content masked or under a reveal. */
import type { Content } from '../../api/contract/content.ts'
import { createReveal, readContent, readRaw, readReplay } from '../../api/contract/content.ts'
import type { ExchangeDetail } from '../../api/contract/exchanges.ts'
import { readExchange } from '../../api/contract/exchanges.ts'
import type { ContentMode, ContentSide } from '../../incident/content-view.ts'
import type { ReplayStep } from '../../incident/replay-steps.ts'
import { visibleLine } from '../../lib/visible-text.ts'
import { say, timeText } from '../output.ts'
import type { ApiClient } from './api-client.ts'
import { usageFailure } from './remote-failure.ts'

export interface RevealOptions {
  readonly reveal?: boolean
  readonly reason?: string
}

export interface RemoteExchange {
  readonly detail: ExchangeDetail
  readonly mode: ContentMode
  /** Null when one may not read it. */
  readonly content: Content | null
  readonly raw: (part: 'request' | 'answer', decoded: boolean) => Promise<Buffer>
  readonly steps: () => AsyncGenerator<ReplayStep>
}

interface ContentView {
  readonly mode: ContentMode
  readonly side: ContentSide
}

/** Largest page the contract permits. */
const RAW_PAGE_BYTES = 262_144
const STEPS_PER_PAGE = 500

export function checkReveal({ reveal, reason }: RevealOptions, isRemote: boolean): void {
  if (!isRemote && (reveal === true || reason !== undefined)) {
    throw usageFailure(
      '--reveal and --reason take --server',
      'a data folder is read as it is, without masks',
    )
  }
  if (reveal === true && reason === undefined) {
    throw usageFailure('--reveal takes --reason TEXT', 'the reason is recorded with the reveal')
  }
  if (reveal !== true && reason !== undefined) {
    throw usageFailure('--reason takes --reveal', 'content is masked without it')
  }
}

/** `isContentNeeded` lets the server refuse those who may see only the metadata. */
export async function remoteExchange(
  api: ApiClient,
  id: string,
  options: RevealOptions & {
    readonly mode: ContentMode
    readonly side?: ContentSide
    readonly isContentNeeded: boolean
  },
): Promise<RemoteExchange> {
  if (options.reveal === true) await openReveal(api, id, options.reason ?? '')
  const mode = options.reveal === true ? 'revealed' : options.mode
  const view = { mode, side: options.side ?? 'received' }
  const detail = await api.call(readExchange, { params: { id } })
  const isRead = detail.mayReadContent || options.isContentNeeded
  return {
    detail,
    mode,
    content: isRead ? await api.call(readContent, { params: { id }, query: view }) : null,
    raw: (part, decoded) => rawBytes(api, id, { part, decoded, ...view }),
    steps: () => replaySteps(api, id, view),
  }
}

async function openReveal(api: ApiClient, id: string, reason: string): Promise<void> {
  const reveal = await api.call(createReveal, {
    body: { scope: { kind: 'exchange', exchangeId: id }, reason },
  })
  say(`revealed until ${timeText(reveal.expiresAtMs)} UTC, recorded as ${visibleLine(reveal.id)}`)
}

async function rawBytes(
  api: ApiClient,
  id: string,
  { part, ...query }: { part: 'request' | 'answer'; decoded: boolean } & ContentView,
): Promise<Buffer> {
  const pieces: Buffer[] = []
  for (let offset = 0; ;) {
    const page = await api.call(readRaw, {
      params: { id, part },
      query: { ...query, offset, length: RAW_PAGE_BYTES },
    })
    const bytes = Buffer.from(page.base64, 'base64')
    pieces.push(bytes)
    offset += bytes.length
    if (bytes.length === 0 || offset >= page.total) return Buffer.concat(pieces)
  }
}

async function* replaySteps(
  api: ApiClient,
  id: string,
  view: ContentView,
): AsyncGenerator<ReplayStep> {
  let cursor: string | undefined
  do {
    const page: { steps: readonly ReplayStep[]; next: string | null } = await api.call(readReplay, {
      params: { id },
      query: { ...view, limit: STEPS_PER_PAGE, cursor },
    })
    yield* page.steps
    // Threat: a server that never comes to an end.
    if (page.steps.length === 0) return
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
}
