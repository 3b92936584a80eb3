import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMoment } from './read-moment.ts'

const NOW_MS = Date.UTC(2026, 10, 22, 12)

test('a duration counts back from now', () => {
  assert.deepEqual(readMoment('30m', NOW_MS), { kind: 'moment', ms: NOW_MS - 1_800_000 })
  assert.deepEqual(readMoment('7d', NOW_MS), { kind: 'moment', ms: NOW_MS - 7 * 86_400_000 })
})

test('a time without a zone is UTC, whatever the zone of the machine', () => {
  const cases: readonly (readonly [string, number])[] = [
    ['2026-11-22', Date.UTC(2026, 10, 22)],
    ['2026-11-22T10:00', Date.UTC(2026, 10, 22, 10)],
    ['2026-11-22 10:00:01.5', Date.UTC(2026, 10, 22, 10, 0, 1, 500)],
    ['2026-11-22T10:00:00Z', Date.UTC(2026, 10, 22, 10)],
    ['2026-11-22t10:00:00z', Date.UTC(2026, 10, 22, 10)],
    ['2026-11-22T10:00:00+02:00', Date.UTC(2026, 10, 22, 8)],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
  ]
  for (const [text, ms] of cases)
    assert.deepEqual(readMoment(text, NOW_MS), { kind: 'moment', ms }, text)
})

test('what is neither is a problem', () => {
  const wrong = [
    '',
    'never',
    '0s',
    '1y',
    'now',
    '2026',
    '2026-02-29',
    '2026-13-01',
    '2026-11-22T25:00',
    '2026-11-22T10:00:00+0200',
    '1764000000',
  ]
  for (const text of wrong) assert.equal(readMoment(text, NOW_MS).kind, 'problem', text)
})
