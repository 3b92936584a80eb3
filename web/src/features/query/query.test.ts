import assert from 'node:assert/strict'
import { test } from 'node:test'
import { complete } from './completion.ts'
import { filtersOf, timeWindow, toggleValue, valuesOf, withBetween, withLast } from './filters.ts'
import { queryText, readQuery, writeQuery } from './grammar.ts'

const NOW_MS = Date.UTC(2026, 10, 23, 12)
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const filters = (text: string) => {
  const query = readQuery(text)
  return filtersOf(query, timeWindow(query, NOW_MS))
}

test('the window is the stretch of time, everything else goes to the gateway as it is written', () => {
  assert.deepEqual(filters('model:a,b (status:5xx or error:"") slower:2s'), {
    sinceMs: NOW_MS - DAY_MS,
    q: 'model:a,b (status:5xx or error:"") slower:2s',
  })
  assert.deepEqual(filters('last:1h'), { sinceMs: NOW_MS - HOUR_MS })
  assert.deepEqual(filters('after:2026-11-22 before:2026-11-23T06:00Z'), {
    sinceMs: NOW_MS - 36 * HOUR_MS,
    untilMs: NOW_MS - 6 * HOUR_MS,
  })
  assert.deepEqual(filters('before:2026-11-23 last:2h'), {
    sinceMs: NOW_MS - 14 * HOUR_MS,
    untilMs: NOW_MS - 12 * HOUR_MS,
  })
})

test('what cannot be read is never taken for no filter at all', () => {
  for (const text of ['hello', 'colour:red', 'model:', '(model:a', '-last:1h']) {
    const query = readQuery(text)
    assert.ok(query.problem !== null, text)
    assert.deepEqual(filters(text), { sinceMs: NOW_MS - DAY_MS, q: text })
    assert.equal(writeQuery(query), text)
    assert.equal(writeQuery(toggleValue(query, 'model', 'a')), `${text} model:a`)
  }
})

test('a value is toggled in its place; a range takes the place of another', () => {
  const query = readQuery('model:a status:5xx (tag:x or tag:y)')
  assert.equal(
    writeQuery(toggleValue(query, 'model', 'b c')),
    'model:a,"b c" status:5xx (tag:x or tag:y)',
  )
  assert.equal(writeQuery(toggleValue(query, 'model', 'a')), 'status:5xx (tag:x or tag:y)')
  assert.equal(
    writeQuery(toggleValue(query, 'state', 'open')),
    'model:a status:5xx (tag:x or tag:y) state:open',
  )
  const brushed = withBetween(readQuery('last:7d model:a'), NOW_MS - HOUR_MS, NOW_MS)
  assert.equal(writeQuery(brushed), 'model:a after:2026-11-23T11:00Z before:2026-11-23T12:00Z')
  assert.equal(writeQuery(withLast(brushed, '1h')), 'model:a last:1h')
  assert.equal(writeQuery(withLast(brushed, '24h')), 'model:a')
  assert.deepEqual(valuesOf(readQuery('model:a,b* model:c -model:d'), 'model'), ['a', 'b*', 'c'])
  assert.equal(writeQuery(toggleValue(readQuery('model:g*'), 'model', 'h')), 'model:g*,h')
  assert.equal(writeQuery(toggleValue(readQuery(''), 'model', 'h*')), 'model:"h*"')
  assert.equal(
    writeQuery(toggleValue(readQuery('model:a or tag:b'), 'state', 'open')),
    '(model:a or tag:b) state:open',
  )
})

test('a link to one value is read as that value, whatever it holds', () => {
  for (const value of ['alice', 'Alice B.', '', 'a"b\\', 'x*', '(', 'a,b', '>1', 'a..b', 'or']) {
    assert.deepEqual(readQuery(queryText('principal', value)).all, [
      { kind: 'term', field: 'principal', items: [{ kind: 'text', text: value, isPrefix: false }] },
    ])
  }
})

test('completion offers fields, then counted values before known ones, and replaces only what it completes', () => {
  const counted = () => [
    { value: 'gpt-5', count: 9 },
    { value: '', count: 2 },
    { value: 'a b', count: 1 },
  ]
  const apply = (text: string, caret: number, label: string) => {
    const { start, end, options } = complete(text, caret, counted)
    const option = options.find((one) => one.label === label)
    assert.ok(option, `${label} is not offered for ${text}`)
    return text.slice(0, start) + option.insert + text.slice(end)
  }
  assert.equal(apply('mod', 3, 'model:'), 'model:')
  assert.equal(apply('status:5xx mod', 14, 'model:'), 'status:5xx model:')
  assert.equal(apply('model:', 6, 'gpt-5'), 'model:gpt-5 ')
  assert.equal(apply('model:x,g', 9, 'gpt-5'), 'model:x,gpt-5 ')
  assert.equal(apply('model:', 6, 'a b'), 'model:"a b" ')
  assert.equal(apply('model:', 6, '(none)'), 'model:"" ')
  assert.equal(apply('state:in', 8, 'interrupted'), 'state:interrupted ')
  assert.equal(apply('(status:5xx or mod', 18, 'model:'), '(status:5xx or model:')
  assert.equal(apply('duration:', 9, '>2s'), 'duration:>2s ')
  assert.deepEqual(complete('colour:r', 8, counted).options, [])
  assert.deepEqual(complete('xyz', 3, counted).options, [])
})
