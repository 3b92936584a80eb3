/** What searching must answer on every engine: the same as the plainest filter over all rows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { matchesQuery } from '../../src/incident/matches-query.ts'
import { exchangeIdFloor } from '../../src/lib/ids.ts'
import type {
  Condition,
  ExchangeQuery,
  FacetField,
  UpstreamTally,
} from '../../src/model/exchange-query.ts'
import { FACET_FIELDS, NUMBER_FIELDS, valuesOfRow } from '../../src/model/exchange-query.ts'
import type { FindingRow } from '../../src/model/masking.ts'
import type { ExchangeRow } from '../../src/model/record.ts'
import { openStore } from '../../src/store/store.ts'
import { EPOCH_MS, batchOf, closedRow, exchangeId, exchangeRows, openRow } from './samples.ts'
import type { FreshDatabase } from './store-contract.ts'

const RUNS = 12
const VALUES_MAX = 100

const VALUES: Readonly<Record<FacetField, readonly string[]>> = {
  state: ['open', 'complete', 'interrupted', 'refused'],
  outcome: ['answered', '', 'none'],
  status: ['200', '400', '503', '4xx', '5xx', ''],
  errorCode: ['', 'upstream.timeout'],
  principal: ['alice', 'bob', "'; drop table exchanges; --", ''],
  service: ['checkout', '%', '_', 'none'],
  keyId: ['', 'none'],
  upstream: ['openai', 'anthropic', 'none'],
  model: ['gpt-5', 'gpt*', 'gpt-5*', '*', '%*', '', 'GPT-5', 'gpt-5\u{1F600}*'],
  dialect: ['openai', ''],
  surface: ['openai.*', 'openai.chat-completions', 'anthropic.*'],
  route: ['openai', 'none'],
  finding: ['request', 'answer', ''],
  entity: ['EMAIL_ADDRESS', 'IBAN_CODE', '', 'none'],
  rule: ['email', 'iban', ''],
  fingerprint: ['00', '0000000000000001', `0000000000000002${'0'.repeat(48)}`, 'ff', ''],
  tool: ['read', 'mcp__*', 're*', ''],
  verdict: ['deny', 'allow', '', 'none'],
  policyRule: ['cards', 'none', ''],
  tag: ['export', ''],
}

const valuesOf = (field: FacetField) =>
  fc.array(fc.constantFrom(...VALUES[field]), { minLength: 1, maxLength: 3 })

const recently = fc.integer({ min: 0, max: 60_000 }).map((ms) => EPOCH_MS + ms)

const someValues = fc.record(
  {
    state: valuesOf('state'),
    outcome: valuesOf('outcome'),
    status: valuesOf('status'),
    errorCode: valuesOf('errorCode'),
    principal: valuesOf('principal'),
    service: valuesOf('service'),
    keyId: valuesOf('keyId'),
    upstream: valuesOf('upstream'),
    model: valuesOf('model'),
    dialect: valuesOf('dialect'),
    surface: valuesOf('surface'),
    route: valuesOf('route'),
    finding: valuesOf('finding'),
    entity: valuesOf('entity'),
    rule: valuesOf('rule'),
    fingerprint: valuesOf('fingerprint'),
    tool: valuesOf('tool'),
  },
  { requiredKeys: [] },
)

const texts = fc.constantFrom('', 'alice', 'gpt', 'gpt-5', 'open', 'cv_1', 'mcp__', '%', '_', '4')
const condition = fc.letrec<{ readonly node: Condition }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    fc.record({
      kind: fc.constant('is' as const),
      field: fc.constantFrom(...FACET_FIELDS, 'conversation' as const),
      test: fc.oneof(
        fc.constant({ kind: 'none' as const }),
        fc.record({ kind: fc.constant('prefix' as const), text: texts }),
        fc.record({
          kind: fc.constant('exact' as const),
          text: texts.filter((text) => text !== ''),
        }),
      ),
    }),
    fc.record({
      kind: fc.constant('compare' as const),
      field: fc.constantFrom(...NUMBER_FIELDS),
      operator: fc.constantFrom('<', '<=', '>', '>='),
      value: fc.oneof(
        fc.constantFrom(0, 12, 200, 400.5, 1000, 1e15),
        fc.integer({ min: 0, max: 40 }).map((ms) => EPOCH_MS + ms),
      ),
    }),
    fc.record({ kind: fc.constant('not' as const), of: tie('node') }),
    fc.record({
      kind: fc.constantFrom('all', 'any'),
      of: fc.array(tie('node'), { maxLength: 3 }),
    }),
  ),
})).node

const queries: fc.Arbitrary<ExchangeQuery> = fc.record(
  {
    sinceMs: recently,
    untilMs: recently,
    durationMsMin: fc.constantFrom(0, 900, 1000),
    owner: fc.record({
      principals: fc.subarray(['alice', 'nobody', '']),
      keyIds: fc.constant(['none']),
    }),
    values: someValues,
    not: someValues,
    durationMsMax: fc.constantFrom(10, 900.5, 1000),
    where: condition.map((asked) => ({ text: '', condition: asked })),
  },
  { requiredKeys: ['values'] },
)

function plainFacet(rows: readonly ExchangeRow[], query: ExchangeQuery, field: FacetField) {
  const { [field]: _own, ...values } = query.values
  const { [field]: _ownNot, ...not } = query.not ?? {}
  const counts = new Map<string, number>()
  for (const row of rows.filter((one) => matchesQuery(one, { ...query, values, not }))) {
    const values = valuesOfRow(row, field)
    for (const value of values.length === 0 ? [''] : values) {
      counts.set(value, (counts.get(value) ?? 0) + 1)
    }
  }
  return counts
}

export function searchContract(
  engine: string,
  fresh: () => Promise<FreshDatabase>,
  share: number,
): void {
  test(`${engine}: list, facets and histogram answer what the plainest filter answers`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    await fc.assert(
      fc.asyncProperty(
        exchangeRows,
        fc.array(queries, { minLength: 3, maxLength: 12 }),
        async (rows, asked) => {
          await store.index.clear()
          await store.index.apply(batchOf({ exchanges: rows, findings: findingsOf(rows) }))
          for (const query of asked) await checkQuery(store.search, rows, query)
        },
      ),
      { numRuns: RUNS * share },
    )
  })

  test(`${engine}: how the exchanges of each upstream went is what the plainest count says`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const ways = [
      { outcome: 'answered', status: 200 },
      { outcome: 'answered', status: 302 },
      { outcome: 'answered', status: 404 },
      { outcome: 'answered', status: 429 },
      { outcome: 'answered', status: 503 },
      { outcome: 'answered', status: null },
      { outcome: 'upstream-failed', status: 502 },
      { outcome: 'gateway-error', status: 500 },
      { outcome: 'refused', status: 403, state: 'refused' },
      { outcome: 'caller-aborted', status: null, state: 'interrupted' },
    ] as const
    const rows = Array.from({ length: 60 }, (_, n) =>
      closedRow(n + 1, {
        ...ways[(n * 7) % ways.length],
        upstream: n % 3 === 0 ? 'openai' : 'anthropic',
      }),
    )
    await store.index.apply(batchOf({ exchanges: rows }))
    const wayOf = ({ outcome, status }: ExchangeRow): UpstreamTally['way'] => {
      if (outcome === 'upstream-failed' || outcome === 'gateway-error') return 'failed'
      if (outcome !== 'answered') return 'other'
      if (status === 429 || (status ?? 0) >= 500) return 'failed'
      return status !== null && status < 300 ? 'succeeded' : 'answered'
    }
    for (const sinceMs of [EPOCH_MS - 1_000, rows[30]?.receivedAtMs ?? 0]) {
      const expected = [
        ...Map.groupBy(
          rows.filter(({ id }) => id >= exchangeIdFloor(sinceMs)),
          (row) => `${row.upstream} ${row.state} ${wayOf(row)}`,
        ),
      ].map(([name, all]) => [name, all.length, all.at(-1)?.id])
      const tallies = await store.search.upstreamTallies(sinceMs)
      const found = tallies.map(({ upstream, state, way, count, newest }) => [
        `${upstream} ${state} ${way}`,
        count,
        newest,
      ])
      assert.deepEqual(found.toSorted(), expected.toSorted())
      assert.ok(found.length > 4)
    }
  })

  test(`${engine}: a row that changes is counted as it is, once`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const everything: ExchangeQuery = { values: {} }
    const range = { fromMs: EPOCH_MS, toMs: EPOCH_MS + 1000, buckets: 1 }
    for (let n = 0; n < 20; n += 1) {
      // Out of order, as two writers would bring them.
      const at = (n * 7) % 20
      await store.index.apply(batchOf({ exchanges: [openRow(at)] }))
      const opened = await store.search.histogram(everything, range)
      assert.deepEqual([opened[0]?.open, opened[0]?.complete], [1, n])
      await store.index.apply(batchOf({ exchanges: [closedRow(at)] }))
      const closed = await store.search.facets(everything, 10)
      assert.equal(closed.total, n + 1)
      assert.deepEqual(closed.fields.state, [{ value: 'complete', count: n + 1 }])
    }
    const ids = (await store.search.list(everything, { limit: 100 })).map((row) => row.id)
    assert.deepEqual(
      ids,
      Array.from({ length: 20 }, (_, n) => exchangeId(19 - n)),
    )
  })

  test(`${engine}: changes come in order, and going on after any of them misses and repeats nothing`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    assert.deepEqual(await store.search.newest(), { seq: 0, id: '' })
    for (let n = 0; n < 6; n += 1) {
      await store.index.apply(batchOf({ exchanges: [openRow(n), openRow(n + 10)] }))
    }
    await store.index.apply(batchOf({ exchanges: [closedRow(3), closedRow(11)] }))
    // What changes nothing is no change.
    await store.index.apply(batchOf({ exchanges: [openRow(3), closedRow(11)] }))
    const all = await store.search.changes({ seq: 0, id: '' }, 100)
    assert.equal(all.length, 12)
    assert.deepEqual(
      all.slice(-2).map((change) => change.row),
      [closedRow(3), closedRow(11)],
    )
    for (const [at, change] of all.entries()) {
      const rest = await store.search.changes({ seq: change.seq, id: change.row.id }, 100)
      assert.deepEqual(rest, all.slice(at + 1))
    }
    const end = all.at(-1)!
    assert.deepEqual(await store.search.newest(), { seq: end.seq, id: end.row.id })
  })

  test(`${engine}: findings come back as they were applied, applied twice or not`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const finding: FindingRow = {
      exchange: exchangeId(1),
      direction: 'answer',
      entity: 'IBAN_CODE',
      rule: 'iban',
      score: 0.85,
      fingerprint: 'a1'.repeat(32),
      operator: 'mask',
      count: 3,
    }
    const other = { ...finding, direction: 'request', fingerprint: 'b2'.repeat(32) } as const
    const foreign = { ...finding, exchange: exchangeId(2) }
    for (let round = 0; round < 2; round += 1) {
      await store.index.apply(batchOf({ findings: [finding, other, finding, foreign] }))
    }
    const byDirection = (rows: readonly FindingRow[]) =>
      rows.toSorted((a, b) => (a.direction < b.direction ? -1 : 1))
    assert.deepEqual(byDirection(await store.search.findingsOf([exchangeId(1)])), [finding, other])
    assert.deepEqual(await store.search.findingsOf([exchangeId(3)]), [])
    assert.deepEqual(await store.search.findingsOf([]), [])
  })

  test(`${engine}: the findings of a page of exchanges are all given, however many there are`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const findings = Array.from({ length: 12_003 }, (_, at) => ({
      exchange: exchangeId(at < 11_000 ? 1 : 2),
      direction: 'request' as const,
      entity: at % 2 === 0 ? 'IBAN' : 'Éntity',
      rule: `r-${at % 3}`,
      score: 1,
      fingerprint: at.toString(16).padStart(64, '0'),
      operator: 'keep',
      count: 1,
    }))
    await store.index.apply(batchOf({ findings }))
    const found = await store.search.findingsOf([exchangeId(1), exchangeId(2)])
    assert.equal(found.length, findings.length)
    assert.equal(new Set(found.map(({ fingerprint }) => fingerprint)).size, findings.length)
  })

  test(`${engine}: findings with one fingerprint are one group, however often it was met`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const secret = { fingerprints: ['a1a1a1a1a1a1a1a1'], entities: ['API_KEY'], rules: ['key'] }
    const rows = [
      closedRow(1, { ...secret, findingsIn: ['request'], conversation: 'cv_1' }),
      closedRow(2, { ...secret, findingsIn: ['request'], conversation: 'cv_1' }),
      closedRow(3, { ...secret, findingsIn: ['answer'], conversation: 'cv_2', principal: 'bob' }),
      closedRow(4, {
        fingerprints: ['c3c3c3c3c3c3c3c3'],
        entities: ['IBAN_CODE'],
        rules: ['iban'],
      }),
      closedRow(5),
    ]
    await store.index.apply(batchOf({ exchanges: rows, findings: findingsOf(rows) }))
    const groups = await store.search.findingGroups({ values: {} }, 10)
    assert.deepEqual(
      groups.map(({ entity, exchanges, conversations, principals, firstAtMs, lastAtMs }) => [
        entity,
        exchanges,
        conversations,
        principals,
        firstAtMs - EPOCH_MS,
        lastAtMs - EPOCH_MS,
      ]),
      [
        ['API_KEY', 3, 2, 2, 1, 3],
        ['IBAN_CODE', 1, 0, 1, 4, 4],
      ],
    )
    const [only] = await store.search.findingGroups({ values: { principal: ['bob'] } }, 10)
    assert.equal(only?.exchanges, 1)
    assert.deepEqual(await store.search.findingGroups({ values: {} }, 1), groups.slice(0, 1))
  })

  test(`${engine}: conversations are listed by their newest exchange and counted whole`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const rows = Array.from({ length: 12 }, (_, n) =>
      closedRow(n, n % 4 === 3 ? {} : { conversation: `cv_${n % 4}`, conversationBy: 'header x' }),
    )
    await store.index.apply(batchOf({ exchanges: rows }))
    const list = await store.search.conversations({ values: {} }, { limit: 2 })
    assert.deepEqual(
      list.map(({ id, exchanges, lastExchange }) => [id, exchanges, lastExchange]),
      [
        ['cv_2', 3, exchangeId(10)],
        ['cv_1', 3, exchangeId(9)],
      ],
    )
    const rest = await store.search.conversations(
      { values: {} },
      { limit: 2, beforeExchange: exchangeId(9) },
    )
    assert.deepEqual(
      rest.map(({ id, firstAtMs, lastAtMs }) => [id, firstAtMs, lastAtMs]),
      [['cv_0', EPOCH_MS, EPOCH_MS + 8]],
    )
    const one = await store.search.list({ conversation: 'cv_1', values: {} }, { limit: 10 })
    assert.deepEqual(
      one.map((row) => row.id),
      [9, 5, 1].map((n) => exchangeId(n)),
    )
  })

  test(`${engine}: exchanges are found by the answer they are and the answer they continue`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const rows = [
      closedRow(1, { responseId: 'resp_1' }),
      closedRow(2, { responseId: 'resp_2', previousResponse: 'resp_1' }),
      closedRow(3, { previousResponse: 'resp_2' }),
    ]
    await store.index.apply(batchOf({ exchanges: rows }))
    assert.deepEqual(await store.search.byResponse(['resp_1', 'none']), {
      answeredAs: [rows[0]],
      continuing: [rows[1]],
    })
    assert.deepEqual(await store.search.byResponse([]), { answeredAs: [], continuing: [] })
    const none = { ending: [], continuing: [] }
    assert.deepEqual(await store.search.byContext([]), none)
    assert.deepEqual(await store.search.byContext(['absent']), none)
  })
}

/** What the table of findings holds when the rows are as they are. */
function findingsOf(rows: readonly ExchangeRow[]): readonly FindingRow[] {
  return rows.flatMap((row) =>
    row.fingerprints.map((digits, n) => ({
      exchange: row.id,
      direction: row.findingsIn[0] ?? 'request',
      entity: row.entities[0] ?? 'EMAIL_ADDRESS',
      rule: row.rules[0] ?? 'email',
      score: 0.5,
      fingerprint: digits.padEnd(64, '0'),
      operator: 'keep',
      count: n + 1,
    })),
  )
}

async function checkQuery(
  search: Awaited<ReturnType<typeof openStore>>['search'],
  rows: readonly ExchangeRow[],
  query: ExchangeQuery,
): Promise<void> {
  const wanted = rows
    .filter((row) => matchesQuery(row, query))
    .toSorted((a, b) => (a.id < b.id ? 1 : -1))
  // Facets first: they make sure that the columns are loaded, so both ways of listing are met.
  const early = await search.list(query, { limit: 100 })
  assert.deepEqual(early, wanted)
  const facets = await search.facets(query, VALUES_MAX)
  assert.equal(facets.total, wanted.length)
  for (const field of FACET_FIELDS) {
    const counts = new Map(facets.fields[field].map(({ value, count }) => [value, count]))
    assert.deepEqual(counts, plainFacet(rows, query, field), field)
    const order = facets.fields[field].map(({ count }) => count)
    assert.deepEqual(
      order,
      order.toSorted((a, b) => b - a),
    )
  }
  assert.deepEqual(await search.list(query, { limit: 100 }), wanted)
  const [first] = wanted
  if (first !== undefined) {
    const rest = await search.list(query, { limit: 2, before: first.id })
    assert.deepEqual(rest, wanted.slice(1, 3))
  }
  const { span, volumes } = await search.profile(query, { buckets: 5, valuesMax: 3 })
  const times = wanted.map((row) => row.receivedAtMs)
  const sum = (of: (row: ExchangeRow) => number | null) =>
    wanted.reduce((total, row) => total + (of(row) ?? 0), 0)
  assert.deepEqual(span, {
    exchanges: wanted.length,
    firstAtMs: wanted.length === 0 ? null : Math.min(...times),
    lastAtMs: wanted.length === 0 ? null : Math.max(...times),
    inputTokens: sum((row) => row.inputTokens),
    outputTokens: sum((row) => row.outputTokens),
  })
  assert.equal(
    volumes.reduce(
      (all, { complete, open, interrupted, refused }) =>
        all + complete + open + interrupted + refused,
      0,
    ),
    wanted.length,
  )
  const range = { fromMs: EPOCH_MS, toMs: EPOCH_MS + 60_000, buckets: 7 }
  const buckets = await search.histogram(query, range)
  const plain = Array.from({ length: 7 }, () => 0)
  for (const row of wanted) {
    const at = Math.floor(((row.receivedAtMs - range.fromMs) * 7) / 60_000)
    if (row.receivedAtMs < range.toMs && plain[at] !== undefined) plain[at] += 1
  }
  assert.deepEqual(
    buckets.map((bucket) => bucket.complete + bucket.open + bucket.interrupted + bucket.refused),
    plain,
  )
}
