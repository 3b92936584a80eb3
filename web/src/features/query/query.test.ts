import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { complete } from './completion.ts'
import { FIELDS, FIELD_NAMES } from './fields.ts'
import { filtersOf, timeWindow, toggleValue, valuesOf, withBetween, withLast } from './filters.ts'
import { formatQuery, parseQuery } from './grammar.ts'
import { formatMoment, readDuration, readMoment } from './moments.ts'

const NOW_MS = Date.UTC(2026, 10, 23, 12)
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const terms = (text: string) => parseQuery(text).terms
const filters = (text: string) => {
  const query = parseQuery(text)
  return filtersOf(query, timeWindow(query, NOW_MS))
}

test('terms are read with several values, quotes and escapes', () => {
  for (const [text, expected] of [
    ['model:gpt-5*', [{ field: 'model', values: ['gpt-5*'] }]],
    ['model:a,b', [{ field: 'model', values: ['a', 'b'] }]],
    ['PRINCIPAL:Alice', [{ field: 'principal', values: ['Alice'] }]],
    ['principal:"Alice B."', [{ field: 'principal', values: ['Alice B.'] }]],
    [
      String.raw`service:"a \"b\" \\"`,
      [{ field: 'service', values: [String.raw`a "b" \ `.trim()] }],
    ],
    ['error:""', [{ field: 'error', values: [''] }]],
    ['key:a:b', [{ field: 'key', values: ['a:b'] }]],
    ['principal:"no end', [{ field: 'principal', values: ['no end'] }]],
    ['', []],
  ] as const)
    assert.deepEqual(terms(text), expected, text)
})

test('what is no term is kept as text and filters nothing', () => {
  for (const text of [
    'hello',
    'colour:red',
    'model:',
    'status:many',
    'status:6xx',
    'state:gone',
    'last:ever',
    'last:0s',
    'last:1h,2h',
    'after:yesterday',
    'after:2026-13-01',
    'before:2026-11-23T25:00Z',
    'slower:fast',
    'finding:elsewhere',
    '-conversation:cv_1',
    '--model:a',
    '-',
    'fingerprint:xyz',
    ':x',
    '"',
  ]) {
    const query = parseQuery(text)
    assert.deepEqual(query.terms, [], text)
    assert.equal(query.unread.length, 1, text)
    assert.ok(query.unread[0]?.message.length, text)
    assert.deepEqual(Object.keys(filters(text)), ['sinceMs'])
    assert.equal(formatQuery(query), text)
  }
})

const words = fc.string({ unit: 'grapheme', maxLength: 20 })
const SHAPED = ['state', 'status', 'finding', 'fingerprint']
const valueFields = FIELD_NAMES.filter(
  (name) => FIELDS[name].parameter !== null && !SHAPED.includes(name),
)

test('any terms survive being written and read again', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record(
          {
            field: fc.constantFrom(...valueFields),
            values: fc.array(words, { minLength: 1, maxLength: 4 }),
          },
          { noNullPrototype: true },
        ),
        { maxLength: 5 },
      ),
      (written) => {
        assert.deepEqual(parseQuery(formatQuery({ terms: written, unread: [] })), {
          terms: written,
          unread: [],
        })
      },
    ),
  )
})

test('any text is read without failing, and what it says does not change when it is written again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
      const once = formatQuery(parseQuery(text))
      assert.equal(formatQuery(parseQuery(once)), once)
    }),
  )
})

test('a query becomes filters, with a day until now unless told', () => {
  assert.deepEqual(filters('model:a,b model:c status:5xx error:"" slower:2s'), {
    sinceMs: NOW_MS - DAY_MS,
    model: ['a', 'b', 'c'],
    status: ['5xx'],
    errorCode: [''],
    minDurationMs: 2_000,
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

test('what must not be is written with a minus, and stays apart from what must', () => {
  assert.deepEqual(filters('-principal:alice,bob model:a -model:b faster:2s'), {
    sinceMs: NOW_MS - DAY_MS,
    model: ['a'],
    not: ['principal:alice', 'principal:bob', 'model:b'],
    maxDurationMs: 2_000,
  })
  const query = parseQuery('-model:a status:5xx')
  assert.deepEqual(valuesOf(query, 'model'), [])
  assert.equal(formatQuery(toggleValue(query, 'model', 'a')), '-model:a status:5xx model:a')
  assert.equal(parseQuery('-last:1h').unread.length, 1)
  assert.equal(parseQuery('-error:""').terms[0]?.isNot, true)
})

test('a value is toggled in its place; a range takes the place of another', () => {
  const query = parseQuery('model:a status:5xx colour:red')
  assert.equal(
    formatQuery(toggleValue(query, 'model', 'b c')),
    'model:a,"b c" status:5xx colour:red',
  )
  assert.equal(formatQuery(toggleValue(query, 'model', 'a')), 'status:5xx colour:red')
  assert.equal(
    formatQuery(toggleValue(query, 'state', 'open')),
    'model:a status:5xx state:open colour:red',
  )
  const brushed = withBetween(parseQuery('last:7d model:a'), NOW_MS - HOUR_MS, NOW_MS)
  assert.equal(formatQuery(brushed), 'model:a after:2026-11-23T11:00Z before:2026-11-23T12:00Z')
  assert.equal(formatQuery(withLast(brushed, '1h')), 'model:a last:1h')
  assert.equal(formatQuery(withLast(brushed, '24h')), 'model:a')
  assert.deepEqual(valuesOf(parseQuery('model:a,b model:c'), 'model'), ['a', 'b', 'c'])
})

test('moments and durations are read exactly or not at all', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (ms) => {
      assert.equal(readMoment(formatMoment(ms)), ms)
    }),
  )
  assert.equal(readMoment('2026-11-23T14:05+02:00'), Date.UTC(2026, 10, 23, 12, 5))
  for (const text of ['', '23.11.2026', '2026-11-23 14:05', '1969-12-31', '2026-11-23T14'])
    assert.equal(readMoment(text), null, text)
  assert.equal(readDuration('1.5s'), 1_500)
  for (const text of ['', '1', 's', '-1s', '1 s', '1w', '0m', '99999999d'])
    assert.equal(readDuration(text), null, text)
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
  assert.deepEqual(complete('colour:r', 8, counted).options, [])
  assert.deepEqual(complete('xyz', 3, counted).options, [])
})
