import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClosingFacts } from '../model/record.ts'
import { METRICS } from './metric-table.ts'
import { countExchange, createMetrics } from './metrics.ts'
import { counterFamily, gaugeFamily, histogramFamily } from './registry.ts'

const closing: ClosingFacts = {
  endedAtMs: 1,
  state: 'complete',
  outcome: 'answered',
  errorCode: null,
  status: 200,
  upstreamStatus: 200,
  upstreamAddress: null,
  answerBytes: 10,
  releasedBytes: 10,
  firstByteMs: 40,
  durationMs: 1500,
  finishReason: 'stop',
  responseId: null,
  responseModel: null,
  usage: { inputTokens: 7, outputTokens: null, cachedInputTokens: null, reasoningTokens: null },
  answerSplices: [],
}

/** A reader of the format, written from its specification: name, labels, value. */
function readExposition(text: string) {
  assert.ok(text.endsWith('\n'))
  const samples = new Map<string, number>()
  const types = new Map<string, string>()
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line)
    if (comment !== null) {
      if (comment[1] === 'TYPE') types.set(comment[2]!, comment[3]!)
      continue
    }
    const sample =
      /^([a-z_]+)(\{(?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)*\})? (-?[0-9.e+-]+|\+Inf|-Inf|NaN)$/.exec(
        line,
      )
    assert.ok(sample, `not a sample: ${line}`)
    assert.ok(!samples.has(`${sample[1]}${sample[2] ?? ''}`), `twice: ${line}`)
    samples.set(`${sample[1]}${sample[2] ?? ''}`, Number(sample[3]))
  }
  return { samples, types }
}

test('every row of the table is exposed with its kind', () => {
  const { types } = readExposition(createMetrics().expose())
  assert.deepEqual(
    Object.fromEntries(types),
    Object.fromEntries(Object.values(METRICS).map(({ name, kind }) => [name, kind])),
  )
})

test('names follow the conventions: prefix, unit, _total on counters only', () => {
  for (const row of Object.values(METRICS)) {
    assert.match(row.name, /^custody_[a-z_]+$/)
    assert.equal(row.name.endsWith('_total'), row.kind === 'counter', row.name)
    if (row.kind === 'histogram') {
      assert.ok(row.name.endsWith('_seconds'))
      assert.deepEqual(
        row.buckets,
        [...new Set(row.buckets)].toSorted((a, b) => a - b),
      )
    }
  }
})

test('no label can hold a person, a key or an id', () => {
  const labels = new Set(Object.values(METRICS).flatMap((row): readonly string[] => row.labels))
  assert.deepEqual([...labels].toSorted(), [
    'code',
    'direction',
    'node',
    'outcome',
    'result',
    'rule',
    'sink',
    'surface',
    'upstream',
    'version',
  ])
})

test('metrics without labels start at zero', () => {
  const { samples } = readExposition(createMetrics().expose())
  assert.equal(samples.get('custody_record_write_failures_total'), 0)
  assert.equal(samples.get('custody_recorder_commit_seconds_count'), 0)
})

test('an exchange is counted once in each of its metrics', () => {
  const metrics = createMetrics()
  const opened = { upstream: 'openai', surface: 'openai.chat' }
  countExchange(metrics, opened, closing)
  countExchange(metrics, opened, {
    ...closing,
    outcome: 'refused',
    errorCode: 'identity.unknown',
    firstByteMs: null,
  })
  const { samples } = readExposition(metrics.expose())
  const of = (name: string) => samples.get(name)
  assert.equal(
    of('custody_requests_total{upstream="openai",surface="openai.chat",outcome="answered"}'),
    1,
  )
  assert.equal(
    of('custody_requests_total{upstream="openai",surface="openai.chat",outcome="refused"}'),
    1,
  )
  assert.equal(of('custody_refusals_total{code="identity.unknown"}'), 1)
  assert.equal(of('custody_request_duration_seconds_count{upstream="openai"}'), 2)
  assert.equal(of('custody_request_duration_seconds_sum{upstream="openai"}'), 3)
  assert.equal(of('custody_time_to_first_byte_seconds_count{upstream="openai"}'), 1)
  assert.equal(of('custody_tokens_total{upstream="openai",direction="input"}'), 14)
  assert.equal(of('custody_tokens_total{upstream="openai",direction="output"}'), undefined)
})

test('histogram buckets are cumulative, hold their bound, and end at the count', () => {
  const family = histogramFamily({
    kind: 'histogram',
    name: 'h',
    help: 'x',
    labels: [],
    buckets: [1, 2],
  })
  for (const value of [0.5, 1, 1.5, 2, 99]) family.with().observe(value)
  assert.deepEqual(family.lines().slice(2), [
    'h_bucket{le="1"} 2',
    'h_bucket{le="2"} 4',
    'h_bucket{le="+Inf"} 5',
    'h_sum 104',
    'h_count 5',
  ])
})

test('label values and help are escaped', () => {
  const family = counterFamily({ kind: 'counter', name: 'c', help: 'a\\b\nc', labels: ['l'] })
  family.with('"\\\n}').add(2)
  assert.deepEqual(family.lines(), [
    '# HELP c a\\\\b\\nc',
    '# TYPE c counter',
    'c{l="\\"\\\\\\n}"} 2',
  ])
})

test('the same label values are the same child', () => {
  const family = counterFamily({ kind: 'counter', name: 'c', help: 'x', labels: ['a', 'b'] })
  assert.equal(family.with('1', '2'), family.with('1', '2'))
  assert.notEqual(family.with('1', '2'), family.with('2', '1'))
})

test('a counter refuses to go down, and label sets of another length are refused', () => {
  const family = counterFamily({ kind: 'counter', name: 'c', help: 'x', labels: ['a'] })
  for (const amount of [-1, NaN]) assert.throws(() => family.with('x').add(amount))
  assert.throws(() => family.with())
  assert.throws(() => family.with('x', 'y'))
})

test('a thousand label sets are kept, the rest is counted together', () => {
  const family = counterFamily({ kind: 'counter', name: 'c', help: 'x', labels: ['a'] })
  for (let i = 0; i < 1500; i += 1) family.with(String(i)).add()
  const lines = family.lines()
  assert.equal(lines.length, 2 + 1001)
  assert.ok(lines.includes('c{a="other"} 500'))
  assert.ok(lines.includes('c{a="999"} 1'))
})

test('a gauge is set, moved, or followed', () => {
  const gauge = gaugeFamily({ kind: 'gauge', name: 'g', help: 'x', labels: [] })
  gauge.with().set(5)
  gauge.with().add(-7)
  assert.equal(gauge.lines()[2], 'g -2')
  gauge.with().follow(() => Infinity)
  assert.equal(gauge.lines()[2], 'g +Inf')
})
