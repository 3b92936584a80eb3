/** Opens real evidence over a temporary folder and the real SQLite index, with builders for facts. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  openEvidence,
  type Evidence,
  type EvidenceOptions,
} from '../../src/evidence/open-evidence.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { newExchangeId } from '../../src/lib/ids.ts'
import type { BlockRole, BlockSpan } from '../../src/model/dialect.ts'
import type { ClosingFacts, OpeningFacts } from '../../src/model/record.ts'
import type { Opening } from '../../src/model/recorder.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { placeDatabases } from './made-databases.ts'

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'custody-evidence-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

export interface TestEvidence extends AsyncDisposable {
  readonly folder: string
  readonly store: Store
  readonly evidence: Evidence
}

export async function openTestEvidence(
  folder: string,
  options: Partial<EvidenceOptions> = {},
): Promise<TestEvidence> {
  await using stack = new AsyncDisposableStack()
  await placeDatabases(folder)
  const store = stack.use(await openStore({ kind: 'sqlite', folder }))
  const limits = { extentBytes: 65_536, freeBytesMin: 0, ...options.limits }
  const evidence = stack.use(
    await openEvidence({ folder, index: store.index, clock: systemClock, ...options, limits }),
  )
  const owned = stack.move()
  return { folder, store, evidence, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

export function openingFacts(changes: Partial<OpeningFacts> = {}): OpeningFacts {
  const nowMs = Date.now()
  return {
    id: newExchangeId(nowMs),
    receivedAtMs: nowMs,
    principal: {
      id: 'ada@example.test',
      kind: 'person',
      method: 'gateway-key',
      service: 'billing',
      groups: [],
      keyId: null,
      issuer: '',
      claims: {},
      allowedUpstreams: null,
      allowedModels: null,
    },
    tags: { service: 'batch', headers: {} },
    remoteAddress: '127.0.0.1',
    upstream: 'openai',
    dialect: 'openai',
    surface: 'openai.chat-completions',
    route: 'default',
    mode: 'strict',
    retentionClass: 'default',
    model: 'gpt-test',
    stream: true,
    toolNames: [],
    links: {},
    received: {
      method: 'POST',
      target: '/openai/v1/chat/completions?x=1',
      httpVersion: '1.1',
      headers: [
        ['host', 'gateway.test'],
        ['User-Agent', 'tests/1'],
        ['authorization', '(removed)'],
      ],
    },
    sent: null,
    requestSplices: [],
    policy: '',
    ...changes,
  }
}

export function closingFacts(changes: Partial<ClosingFacts> = {}): ClosingFacts {
  return {
    endedAtMs: Date.now(),
    state: 'complete',
    outcome: 'answered',
    errorCode: null,
    status: 200,
    upstreamStatus: 200,
    upstreamAddress: '127.0.0.1:9',
    answerBytes: 0,
    releasedBytes: 0,
    firstByteMs: 1,
    durationMs: 2,
    finishReason: 'stop',
    responseId: 'resp_1',
    responseModel: 'gpt-test',
    usage: { inputTokens: 3, outputTokens: 4, cachedInputTokens: null, reasoningTokens: null },
    answerSplices: [],
    ...changes,
  }
}

export function wholeBody(bytes: Buffer, spans: readonly BlockSpan[] = []): Opening['body'] {
  return { kind: 'whole', bytes, spans }
}

export interface Message {
  readonly role: BlockRole
  readonly text: string
}

/** A chat body with one span per message, as a dialect would cut it. */
export function chatBody(
  messages: readonly Message[],
  after = '',
): { readonly bytes: Buffer; readonly spans: BlockSpan[] } {
  let text = '{"model":"gpt-test","messages":['
  const spans: BlockSpan[] = []
  for (const [i, message] of messages.entries()) {
    if (i > 0) text += ','
    const start = Buffer.byteLength(text)
    text += JSON.stringify({ role: message.role, content: message.text })
    spans.push({ start, end: Buffer.byteLength(text), role: message.role })
  }
  return { bytes: Buffer.from(`${text}]${after}}`), spans }
}
