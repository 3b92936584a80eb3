import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFilter } from './exchange-filter.ts'

const NOW_MS = Date.UTC(2026, 10, 22, 12)

test('no option is no filter', () => {
  assert.deepEqual(readFilter({}, NOW_MS), { kind: 'filter', filter: {} })
})

test('every option becomes the filter the index knows', () => {
  const reading = readFilter(
    {
      since: '1h',
      until: '2026-11-22T11:30:00Z',
      principal: 'ada',
      service: 'billing',
      key: 'key_1',
      model: 'gpt-4*',
      upstream: 'openai',
      status: '429',
      state: 'interrupted',
    },
    NOW_MS,
  )
  assert.deepEqual(reading, {
    kind: 'filter',
    filter: {
      sinceMs: NOW_MS - 3_600_000,
      untilMs: NOW_MS - 1_800_000,
      principal: 'ada',
      service: 'billing',
      keyId: 'key_1',
      model: 'gpt-4*',
      upstream: 'openai',
      status: 429,
      state: 'interrupted',
    },
  })
})

test('what the index could not answer is refused by the name of its option', () => {
  const wrong = [
    { since: 'yesterday' },
    { since: 'never' },
    { until: '-1h' },
    { model: '*mini' },
    { model: 'a*b*' },
    { status: '99' },
    { status: '600' },
    { status: '2xx' },
    { state: 'closed' },
    { state: '' },
  ]
  for (const options of wrong) {
    const reading = readFilter(options, NOW_MS)
    assert.equal(reading.kind, 'problem', JSON.stringify(options))
    assert.ok(reading.kind === 'problem')
    assert.equal(reading.option, `--${Object.keys(options)[0]}`)
  }
})
