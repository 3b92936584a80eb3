/** Proves of every exchange on the tap that client, evidence and provider hold the same bytes, and nobody a foreign credential. */
import assert from 'node:assert/strict'
import type { RecordedExchange } from '../../src/evidence/reader.ts'
import type { ReceivedRequest } from '../../src/sandbox/received-log.ts'
import { dialectByName } from '../../src/dialects/registry.ts'
import type { AnswerView } from '../../src/model/dialect.ts'
import { startGateway } from './gateway.ts'
import type { TestGateway } from './gateway.ts'
import type { HeaderPair } from './read-http1.ts'
import { startTap } from './tap.ts'
import type { Tap, TappedExchange } from './tap.ts'
import { untilSeen } from './until.ts'

/** What the gateway holds and no caller knows: per upstream the header that must arrive, and nothing else of its kind. */
const UPSTREAM_CREDENTIALS: Readonly<Record<string, HeaderPair | null>> = {
  openai: ['authorization', 'Bearer upstream-secret-openai'],
  anthropic: ['x-api-key', 'upstream-secret-anthropic'],
  gemini: ['x-goog-api-key', 'upstream-secret-gemini'],
  bedrock: ['authorization', 'Bearer upstream-secret-bedrock'],
  azure: ['api-key', 'upstream-secret-azure'],
  ollama: null,
}

const YAML = `upstreams:
  openai: { dialect: openai, baseUrl: '{sandbox}', credential: '\${OPENAI_SECRET}' }
  anthropic: { dialect: anthropic, baseUrl: '{sandbox}', credential: '\${ANTHROPIC_SECRET}' }
  gemini: { dialect: gemini, baseUrl: '{sandbox}', credential: '\${GEMINI_SECRET}' }
  bedrock: { dialect: bedrock, baseUrl: '{sandbox}', credential: '\${BEDROCK_SECRET}' }
  azure: { preset: azure-openai, baseUrl: '{sandbox}', credential: '\${AZURE_SECRET}' }
  ollama: { dialect: ollama, baseUrl: '{sandbox}' }
`

const ENV = {
  OPENAI_SECRET: 'upstream-secret-openai',
  ANTHROPIC_SECRET: 'upstream-secret-anthropic',
  GEMINI_SECRET: 'upstream-secret-gemini',
  BEDROCK_SECRET: 'upstream-secret-bedrock',
  AZURE_SECRET: 'upstream-secret-azure',
}

/** One exchange as all four saw it: client, evidence, provider (null when nothing was sent to it). */
export interface Traffic {
  readonly tapped: TappedExchange
  readonly record: RecordedExchange
  readonly received: ReceivedRequest | null
}

export interface TappedGateway extends AsyncDisposable {
  readonly gateway: TestGateway
  /** Origin for a client: the gateway behind the tap. */
  readonly url: string
  readonly key: string
  /** Every exchange so far, in order, each one proven faithful. */
  readonly traffic: () => Promise<readonly Traffic[]>
}

export async function startTappedGateway(): Promise<TappedGateway> {
  await using stack = new AsyncDisposableStack()
  const gateway = stack.use(await startGateway({ yaml: YAML, env: ENV }))
  const tap = stack.use(await startTap(gateway.url))
  const owned = stack.move()
  return {
    gateway,
    url: tap.url,
    key: gateway.key,
    traffic: () => faithfulTraffic(gateway, tap),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Asserts everything that must hold of any exchange, whatever the client and the dialect. */
async function faithfulTraffic(gateway: TestGateway, tap: Tap): Promise<readonly Traffic[]> {
  const seen: { readonly tapped: TappedExchange; readonly record: RecordedExchange }[] = []
  for (const tapped of await tap.exchanges()) {
    const ids = valuesOf(tapped.answerHeaders, 'x-custody-exchange')
    assert.equal(ids.length, 1, `${tapped.method} ${tapped.target} names its exchange once`)
    seen.push({ tapped, record: await settled(gateway, ids[0] ?? '') })
  }
  const sent = seen.filter(({ record }) => record.facts.sent !== null)
  const received = gateway.sandbox.received()
  assert.equal(received.length, sent.length, 'the provider got what was forwarded, and no more')
  return seen.map(({ tapped, record }) => {
    const at = sent.findIndex((one) => one.record === record)
    const traffic = { tapped, record, received: received[at] ?? null }
    assertRecord(traffic, gateway.key)
    if (traffic.received !== null) assertUpstreamRequest(traffic, traffic.received, gateway.key)
    if (record.answerHead?.origin === 'upstream') {
      assert.ok(traffic.received !== null)
      assertRelayed(traffic, traffic.received, gateway)
    } else assertOwnAnswer(traffic)
    return traffic
  })
}

/** An abort is settled a moment after the client is gone. */
async function settled(gateway: TestGateway, id: string): Promise<RecordedExchange> {
  return untilSeen(
    () => gateway.recorded(id),
    ({ closing }) => closing !== null,
  )
}

function assertRecord({ tapped, record }: Traffic, key: string): void {
  const { row, facts, closing, answerHead, answerChunks } = record
  assert.deepEqual(record.problems, [])
  assert.equal(row.state, closing?.state)
  assert.deepEqual(
    [facts.received.method, facts.received.target, facts.received.httpVersion],
    [tapped.method, tapped.target.replace(/([?&]key=)[^&]*/, '$1(removed)'), tapped.httpVersion],
  )
  const received = facts.received.headers.filter(([name]) => !name.startsWith(':'))
  assert.deepEqual(
    received,
    tapped.headers.map(([name, value]) => [name, CREDENTIAL.test(name) ? '(removed)' : value]),
  )
  // Of callers that nobody knows, and of calls that go nowhere, the body is not read.
  if (row.state !== 'refused' || record.requestBody !== null) {
    assertSame(record.requestBody ?? Buffer.alloc(0), tapped.body, 'recorded request')
    assert.equal(row.requestBytes, tapped.body.length)
  }
  assert.equal(closing?.status, tapped.status)
  let before = answerHead?.atMs ?? 0
  for (const { atMs } of answerChunks) {
    assert.ok(atMs >= before, 'times ascend')
    before = atMs
  }
  const everything = [
    JSON.stringify({ ...record, requestBody: null, answerChunks: null }),
    record.requestBody?.toString('latin1'),
    ...answerChunks.map(({ bytes }) => bytes.toString('latin1')),
  ].join('\n')
  assert.ok(!everything.includes(key), 'no gateway key in the record')
  assert.ok(!everything.includes('upstream-secret'), 'no provider credential in the record')
}

/** The gateway answered by itself: because it refused, or because the provider gave no answer. */
function assertOwnAnswer({ tapped, record, received }: Traffic): void {
  assert.equal(record.row.state, received === null ? 'refused' : 'complete')
  assert.equal(record.closing?.outcome, received === null ? 'refused' : 'gateway-error')
  assert.equal(record.closing?.upstreamStatus, null)
  assert.equal(record.closing?.releasedBytes, tapped.answer.length)
  if (received === null) return
  const recorded = Buffer.concat(record.answerChunks.map(({ bytes }) => bytes))
  assertSame(tapped.answer, recorded, 'the answer of the gateway')
}

function assertRelayed(traffic: Traffic, received: ReceivedRequest, gateway: TestGateway): void {
  const { tapped, record } = traffic
  assert.equal(record.closing?.upstreamStatus, received.status)
  assert.equal(tapped.status, received.status)
  assert.equal(record.answerHead?.origin, 'upstream')
  const recorded = Buffer.concat(record.answerChunks.map(({ bytes }) => bytes))
  const sent = gateway.sandbox.answerOf(received.seq)
  if (record.row.state === 'complete') {
    assert.ok(tapped.isWhole, 'the client was given the answer to its end')
    assertSame(recorded, sent, 'recorded answer')
    assertSame(tapped.answer, sent, 'answer at the client')
    assert.equal(record.closing?.releasedBytes, sent.length)
  } else {
    assert.equal(record.row.state, 'interrupted')
    assertSame(recorded, sent.subarray(0, recorded.length), 'recorded beginning of the answer')
    const released = record.closing?.releasedBytes ?? 0
    const given = tapped.answer.subarray(0, released)
    assertSame(given, recorded.subarray(0, given.length), 'beginning at the client')
    // Only where the provider failed the gateway may add a last word, the error in the client's dialect.
    if (record.closing?.outcome === 'upstream-failed') assert.equal(given.length, released)
    else assert.ok(tapped.answer.length <= released)
  }
  assert.equal(record.closing?.answerBytes, recorded.length)
  assertAnswerHeaders(traffic, received)
}

/** RFC 9110 7.6.1, framing, and what this client or that adds about its own connection. */
const CONNECTION =
  /^(?:host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|http2-settings|expect)$/i
const CREDENTIAL =
  /^(?:authorization|proxy-authorization|x-api-key|x-goog-api-key|api-key|cookie|x-amz-security-token)$/i

function passing(headers: readonly HeaderPair[]): readonly HeaderPair[] {
  return headers.filter(([name]) => !CONNECTION.test(name) && !CREDENTIAL.test(name))
}

function assertUpstreamRequest(
  { tapped, record }: Traffic,
  received: ReceivedRequest,
  key: string,
) {
  const body = Buffer.from(received.body, 'base64')
  assertSame(body, tapped.body, 'request at the provider')
  assert.equal(received.method, tapped.method)
  // What is meant for the gateway itself ends there.
  const meant = passing(tapped.headers).filter(([name]) => !/^x-custody-/i.test(name))
  assert.deepEqual(passing(received.headers), meant, 'headers pass in order')
  const expected = UPSTREAM_CREDENTIALS[record.row.upstream]
  assert.deepEqual(
    received.headers.filter(([name]) => CREDENTIAL.test(name)),
    expected === null ? [] : [expected],
    'only the credential of the gateway reaches the provider',
  )
  assert.ok(!JSON.stringify([received.path, received.headers]).includes(key))
  assert.ok(!body.includes(key))
  const sent = record.facts.sent?.headers ?? []
  assert.deepEqual(passing(sent), passing(received.headers), 'headers recorded as sent')
  assert.equal(record.facts.sent?.target, received.path)
}

function assertAnswerHeaders({ tapped, record }: Traffic, received: ReceivedRequest): void {
  const recorded = passing(record.answerHead?.headers ?? [])
  const given = tapped.answerHeaders.filter(([name]) => name.toLowerCase() !== 'x-custody-exchange')
  const lower = ([name, value]: HeaderPair): HeaderPair => [name.toLowerCase(), value]
  const spell = (pair: HeaderPair): HeaderPair => (tapped.httpVersion === '2' ? lower(pair) : pair)
  assert.deepEqual(passing(given), recorded.map(spell), 'answer headers pass in order')
  const names = recorded.map(lower)
  for (const pair of passing(received.answerHeaders)) {
    assert.ok(
      names.some(([name, value]) => name === pair[0] && value === pair[1]),
      pair[0],
    )
  }
}

function valuesOf(headers: readonly HeaderPair[], wanted: string): readonly string[] {
  return headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value)
}

function assertSame(actual: Buffer, expected: Buffer, what: string): void {
  if (actual.equals(expected)) return
  assert.equal(actual.toString('latin1'), expected.toString('latin1'), what)
}

export interface Expected {
  readonly surface?: string
  readonly upstream?: string
  readonly model?: string | null
  readonly stream?: boolean
  readonly status?: number
  readonly state?: string
  readonly inputTokens?: number | null
  readonly outputTokens?: number | null
  readonly finishReason?: string | null
  readonly service?: string
  readonly declaredService?: string
}

/** Compares what the index says of an exchange with what the test and the SDK know. */
export function assertRow({ record }: Traffic, expected: Expected): void {
  const row: Record<string, unknown> = { ...record.row }
  const found = Object.fromEntries(Object.keys(expected).map((name) => [name, row[name]]))
  assert.deepEqual(found, expected)
}

/** The recorded answer as an investigator reads it, put together from the recorded bytes alone. */
export function assembled({ record }: Traffic): AnswerView {
  const { facts, answerHead, answerChunks } = record
  const [path = '', query] = (facts.sent?.target ?? '').split('?')
  const dialect = dialectByName(facts.dialect ?? 'openai')
  const surface = dialect.recognise({
    method: facts.received.method,
    path,
    query: query === undefined ? '' : `?${query}`,
  })
  assert.ok(surface !== null)
  const contentType = valuesOf(answerHead?.headers ?? [], 'content-type')[0] ?? ''
  const body = Buffer.concat(answerChunks.map(({ bytes }) => bytes))
  return dialect.readAnswer(surface, contentType, body)
}

/** A turn costs what is new in it: the unchanged history is stored with the turn before. */
export function assertHistoryStoredOnce(
  first: Traffic,
  second: Traffic,
  historyBytes: number,
): void {
  assert.ok(second.record.row.requestBytes > historyBytes, 'the history is sent again')
  assert.ok(first.record.row.storedBytes > historyBytes / 2, 'the first turn stores it')
  assert.ok(
    second.record.row.storedBytes < historyBytes / 4,
    `the second turn stored ${second.record.row.storedBytes} bytes`,
  )
}
