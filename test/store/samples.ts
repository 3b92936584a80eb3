/** Rows for the store's tests: plain ones to override, and arbitrary ones for properties. */
import * as fc from 'fast-check'
import type { ExchangeId } from '../../src/lib/ids.ts'
import { exchangeIdFloor, isExchangeId, newInstanceId, newKeyId } from '../../src/lib/ids.ts'
import type { KeyRow } from '../../src/model/keys.ts'
import type { BlockRow, ExchangeRow } from '../../src/model/record.ts'
import type { ExchangeFilter, IndexBatch } from '../../src/store/exchange-index.ts'

export const EPOCH_MS = Date.UTC(2026, 10, 23)
export const INSTANCE = newInstanceId(EPOCH_MS)
export const OTHER_INSTANCE = newInstanceId(EPOCH_MS + 1)

/** The `n`th exchange: ids ascend with `n`. */
export function exchangeId(n: number, timeMs = EPOCH_MS + n): ExchangeId {
  const id = exchangeIdFloor(timeMs) + String(n).padStart(16, '0')
  if (!isExchangeId(id)) throw new Error(`${id} is no exchange id.`)
  return id
}

export function openRow(n: number, changes: Partial<ExchangeRow> = {}): ExchangeRow {
  return {
    id: exchangeId(n),
    state: 'open',
    outcome: null,
    receivedAtMs: EPOCH_MS + n,
    endedAtMs: null,
    principal: 'alice@example.com',
    principalKind: 'person',
    keyId: null,
    service: 'checkout',
    declaredService: '',
    remoteAddress: '127.0.0.1',
    userAgent: 'test/1.0',
    upstream: 'openai',
    dialect: 'openai',
    surface: 'openai.chat-completions',
    route: 'openai',
    mode: 'strict',
    retentionClass: 'default',
    method: 'POST',
    path: '/v1/chat/completions',
    model: 'gpt-5',
    stream: true,
    status: null,
    errorCode: null,
    finishReason: null,
    inputTokens: null,
    outputTokens: null,
    requestBytes: 1200,
    answerBytes: 0,
    storedBytes: 640,
    firstByteMs: null,
    durationMs: null,
    conversation: null,
    conversationBy: null,
    responseId: null,
    previousResponse: null,
    tools: [],
    findingsIn: [],
    entities: [],
    rules: [],
    fingerprints: [],
    verdict: null,
    policyHash: null,
    decidingRule: null,
    policyRules: [],
    tags: [],
    contextEnd: null,
    contextParent: null,
    contextAnswer: null,
    answerDigest: null,
    instance: INSTANCE,
    openSegment: 1,
    openOffset: 1000 * n,
    closeSegment: null,
    closeOffset: null,
    ...changes,
  }
}

export function closedRow(n: number, changes: Partial<ExchangeRow> = {}): ExchangeRow {
  return openRow(n, {
    state: 'complete',
    outcome: 'answered',
    endedAtMs: EPOCH_MS + n + 900,
    status: 200,
    finishReason: 'stop',
    inputTokens: 12,
    outputTokens: 34,
    answerBytes: 5678,
    storedBytes: 1999,
    firstByteMs: 12.25,
    durationMs: 900.5,
    closeSegment: 1,
    closeOffset: 1000 * n + 500,
    ...changes,
  })
}

export function blockRow(n: number, changes: Partial<BlockRow> = {}): BlockRow {
  return {
    id: n.toString(16).padStart(64, '0'),
    instance: INSTANCE,
    segment: 1,
    offset: 100 * n,
    bytes: 77,
    retentionClass: 'default',
    firstExchange: exchangeId(n),
    ...changes,
  }
}

export function batchOf(changes: Partial<IndexBatch>): IndexBatch {
  return {
    exchanges: [],
    blocks: [],
    events: [],
    findings: [],
    position: { instance: INSTANCE, segment: 1, offset: 0 },
    ...changes,
  }
}

export function keyRow(n: number, changes: Partial<KeyRow> = {}): KeyRow {
  return {
    id: newKeyId(EPOCH_MS + n),
    hash: n.toString(16).padStart(64, '0'),
    hint: 'cst_abcd…wxyz',
    name: `key ${n}`,
    owner: 'alice@example.com',
    service: 'checkout',
    allowedUpstreams: null,
    allowedModels: null,
    createdAtMs: EPOCH_MS + n,
    expiresAtMs: EPOCH_MS + 1_000_000,
    revokedAtMs: null,
    lastUsedAtMs: null,
    ...changes,
  }
}

const PRINCIPALS = ['alice', 'bob', "'; drop table exchanges; --", '']
const SERVICES = ['checkout', 'search', '%', '_']
const MODELS = ['gpt-5', 'gpt-5-mini', 'gpt', 'GPT-5', 'claude', '%', 'gp_', 'gpt-5\u{1F600}', '*']
const KEY_IDS = [newKeyId(EPOCH_MS), newKeyId(EPOCH_MS)]
const UPSTREAMS = ['openai', 'anthropic', 'ollama']
const STATES = ['open', 'complete', 'interrupted', 'refused'] as const
const STATUSES = [200, 400, 503]
const SPREAD_MS = 60_000
const HOUR_MS = 3_600_000

const recently = fc.integer({ min: 0, max: SPREAD_MS }).map((ms) => EPOCH_MS + ms)

/** Distinct ids; the time inside an id is up to an hour away from `receivedAtMs`. */
export const exchangeRows: fc.Arbitrary<readonly ExchangeRow[]> = fc
  .array(
    fc.record({
      receivedAtMs: recently,
      skewMs: fc.integer({ min: -HOUR_MS, max: HOUR_MS }),
      principal: fc.constantFrom(...PRINCIPALS),
      service: fc.constantFrom(...SERVICES),
      keyId: fc.constantFrom(null, ...KEY_IDS),
      model: fc.constantFrom(null, ...MODELS),
      upstream: fc.constantFrom(...UPSTREAMS),
      state: fc.constantFrom(...STATES),
      status: fc.constantFrom(null, ...STATUSES),
      tools: fc.subarray(['mcp__files__read', 'read', 'rest']),
      findingsIn: fc.subarray(['answer', 'request'] as const),
      entities: fc.subarray(['EMAIL_ADDRESS', 'IBAN_CODE']),
      rules: fc.subarray(['email', 'iban']),
      verdict: fc.constantFrom(null, 'allow', 'deny'),
      policyRules: fc.subarray(['cards', 'size']),
      tags: fc.subarray(['export']),
      fingerprints: fc.subarray(['0000000000000001', '0000000000000002', 'ffff000000000000']),
    }),
    { maxLength: 25 },
  )
  .map((rows) =>
    rows.map(({ skewMs, ...row }, n) => {
      const id = exchangeId(n, row.receivedAtMs + skewMs)
      return row.state === 'open' ? openRow(n, { ...row, id }) : closedRow(n, { ...row, id })
    }),
  )

export const exchangeFilters: fc.Arbitrary<ExchangeFilter> = fc.record(
  {
    sinceMs: recently,
    untilMs: recently,
    principal: fc.constantFrom(...PRINCIPALS),
    service: fc.constantFrom(...SERVICES),
    keyId: fc.constantFrom(...KEY_IDS),
    model: fc.constantFrom(...MODELS, 'gpt*', 'gpt-5*', '%*', '**', 'gpt-5\u{1F600}*', 'none'),
    upstream: fc.constantFrom(...UPSTREAMS),
    status: fc.constantFrom(...STATUSES),
    state: fc.constantFrom(...STATES),
    before: fc.tuple(fc.nat(25), recently).map(([n, timeMs]) => exchangeId(n, timeMs)),
    limit: fc.integer({ min: 1, max: 30 }),
  },
  { requiredKeys: ['limit'] },
)

/** What `list` promises, written the plainest way. */
export function listPlainly(
  rows: readonly ExchangeRow[],
  filter: ExchangeFilter,
): readonly ExchangeRow[] {
  const has = <Value>(wanted: Value | undefined, value: Value | null): boolean =>
    wanted === undefined || wanted === value
  const hasModel = (model: string | null): boolean => {
    if (filter.model === undefined) return true
    if (!filter.model.endsWith('*')) return model === filter.model
    return model !== null && model.startsWith(filter.model.slice(0, -1))
  }
  return rows
    .filter(
      (row) =>
        row.receivedAtMs >= (filter.sinceMs ?? 0) &&
        row.receivedAtMs <= (filter.untilMs ?? Infinity) &&
        has(filter.principal, row.principal) &&
        has(filter.service, row.service) &&
        has<string>(filter.keyId, row.keyId) &&
        hasModel(row.model) &&
        has(filter.upstream, row.upstream) &&
        has(filter.status, row.status) &&
        has(filter.state, row.state) &&
        (filter.before === undefined || row.id < filter.before),
    )
    .toSorted((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, filter.limit)
}
