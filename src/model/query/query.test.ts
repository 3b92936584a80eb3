import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FIELD_NAMES, fieldOf } from './fields.ts'
import type { FieldName } from './fields.ts'
import { formatQuery } from './format.ts'
import type { Item, QueryNode } from './node.ts'
import { parseQuery } from './parse.ts'
import { formatMoment, readDuration, readMoment, readQuantity } from './quantities.ts'
import { bothQueries, toExchangeQuery } from './to-query.ts'

const NOW_MS = Date.UTC(2026, 10, 23, 12)
const HOUR_MS = 3_600_000

function read(text: string): QueryNode | null {
  const reading = parseQuery(text)
  assert.equal(reading.kind, 'query', `${text}: ${JSON.stringify(reading)}`)
  return reading.kind === 'query' ? reading.node : null
}

function problemOf(text: string) {
  const reading = parseQuery(text)
  assert.equal(reading.kind, 'problem', text)
  return reading.kind === 'problem' ? reading.problem : null
}

const asked = (text: string) => toExchangeQuery(read(text), NOW_MS)

test('what stands beside one another must all hold, or binds less than and, not more than both', () => {
  for (const [text, canonical] of [
    ['', ''],
    ['  model:a   service:b ', 'model:a service:b'],
    ['model:a AND service:b', 'model:a service:b'],
    ['model:a or service:b tag:c', 'model:a or service:b tag:c'],
    ['(model:a or service:b) tag:c', '(model:a or service:b) tag:c'],
    ['model:a (service:b tag:c)', 'model:a (service:b tag:c)'],
    ['not model:a', '-model:a'],
    ['not not model:a', 'not -model:a'],
    ['-(model:a or model:b)', 'not (model:a or model:b)'],
    ['not model:a service:b', '-model:a service:b'],
    ['((model:a))', 'model:a'],
    ['PRINCIPAL:Alice', 'principal:Alice'],
    ['principal:"Alice B.",bob', 'principal:"Alice B.",bob'],
    ['model:gpt-5*,"a b"*,*', 'model:gpt-5*,"a b"*,*'],
    ['model:"gpt-5*"', 'model:"gpt-5*"'],
    ['error:""', 'error:""'],
    ['duration:>=2s duration:<1m', 'duration:>=2s duration:<1m'],
    ['status:400..499,503', 'status:400..499,503'],
    ['time:2026-11-01..', 'time:2026-11-01..'],
    ['tokens-in:>100000 or bytes-out:..10kb', 'tokens-in:>100000 or bytes-out:..10kb'],
    ['key:a:b', 'key:a:b'],
    ['service:and or service:or', 'service:and or service:or'],
  ] as const) {
    assert.equal(formatQuery(read(text)), canonical, text)
  }
})

test('a query that cannot be read names the place, says why and often how', () => {
  for (const [text, at, end, message, hint] of [
    [
      'model:a hello',
      8,
      13,
      'This is no term.',
      'Write it as field:value, for example model:gpt-5*.',
    ],
    ['colour:red', 0, 7, 'There is no field “colour”.', /^Fields: /],
    ['modell:a', 0, 7, 'There is no field “modell”.', 'Did you mean model: ?'],
    ['model:', 6, 6, '“model:” waits for a value.', 'Two quotes stand for “has none”.'],
    ['model:a,', 8, 8, '“model:” waits for a value.', /./],
    ['(model:a', 0, 1, 'This bracket is not closed.', 'Add a ) behind it.'],
    ['model:a)', 7, 8, 'This bracket closes nothing.', 'Take it out.'],
    ['()', 0, 2, 'There is nothing between the brackets.', ''],
    ['model:a or', 10, 10, 'Something must follow here.', 'Add field:value.'],
    ['or model:a', 0, 2, '“or” joins nothing here.', 'Add a term before it.'],
    ['model:a and and tag:b', 12, 15, '“and” joins nothing here.', 'Add a term before it.'],
    ['principal:"no end', 10, 17, 'These quotes are not closed.', 'Add a " behind the value.'],
    ['model:"a"b', 6, 10, 'A value ends here, and something follows.', /quotes/],
    ['status:many', 7, 11, 'A status is a number, or a class: 5xx.', ''],
    ['status:4*', 7, 9, 'A status is a number, or a class: 5xx.', ''],
    ['status:500..400', 7, 15, 'This range runs backwards.', 'Write the smaller end first.'],
    ['status:..', 7, 9, '“status:” waits for a value.', /number/],
    ['state:gone', 6, 10, /^“state” is one of complete/, ''],
    ['finding:elsewhere', 8, 17, /^“finding” is one of/, ''],
    ['verdict:no', 8, 10, /^“verdict” is one of/, ''],
    ['fingerprint:xyz', 12, 15, 'A fingerprint is hexadecimal digits.', ''],
    ['duration:fast', 9, 13, '“duration” does not take “fast”.', /500ms/],
    ['duration:>', 9, 10, '“duration:” waits for a value.', /500ms/],
    ['tokens-in:>1.5', 10, 14, '“tokens-in” does not take “1.5”.', 'Write a whole number.'],
    ['time:2026-13-01..', 5, 17, '“time” does not take “2026-13-01”.', /2026-11-23/],
    ['last:ever', 5, 9, '“last” does not take “ever”.', /500ms/],
    ['last:1h,2h', 0, 10, '“last” takes one value.', ''],
    ['-last:1h', 0, 8, '“last” cannot be turned round.', /time:/],
    ['--model:a', 0, 1, 'A minus stands right before what must not be.', ''],
    ['-', 0, 1, 'A minus stands right before what must not be.', ''],
    [':x', 0, 2, 'This is no term.', /./],
    ['"', 0, 1, 'This is no term.', /./],
  ] as const) {
    const problem = problemOf(text)
    assert.deepEqual([problem?.at, problem?.end], [at, end], text)
    if (typeof message === 'string') assert.equal(problem?.message, message, text)
    else assert.match(problem?.message ?? '', message, text)
    if (typeof hint === 'string') assert.equal(problem?.hint, hint, text)
    else assert.match(problem?.hint ?? '', hint, text)
  }
})

test('a query without end, in depth or in length, is refused', () => {
  assert.match(problemOf('('.repeat(30))?.message ?? '', /More than 20 brackets/)
  assert.match(problemOf(`${'not '.repeat(30)}model:a`)?.message ?? '', /More than 20/)
  assert.match(problemOf('tag:a '.repeat(201))?.message ?? '', /at most 200 terms/)
  assert.match(problemOf('x'.repeat(4_001))?.message ?? '', /at most 4000 characters/)
})

test('any text is read or refused at a place within it', () => {
  const pieces = fc.constantFrom(
    ...'model:|a|"|(|)| |or|and|not|-|,|*|..|>|<=|\\|status:|time:|2026-11-01|5xx|last:1h|\u{1F600}|:|\n'.split(
      '|',
    ),
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(pieces).map((all) => all.join('')),
        fc.string(),
      ),
      (text) => {
        const reading = parseQuery(text)
        if (reading.kind === 'query') {
          assert.deepEqual(parseQuery(formatQuery(reading.node)), reading)
          return
        }
        const { at, end, message } = reading.problem
        assert.ok(at >= 0 && at <= end && end <= Math.max(text.length, 1), `${text}: ${at}..${end}`)
        assert.notEqual(message, '')
      },
    ),
    { numRuns: 2_000 },
  )
})

const textFields = FIELD_NAMES.filter((name) => {
  const { number, isClosed, shape } = fieldOf(name)
  return number === null && isClosed === undefined && shape === undefined
})
const words = fc.string({ unit: 'grapheme', maxLength: 12 })
const term: fc.Arbitrary<QueryNode> = fc.oneof(
  fc.record({
    kind: fc.constant('term' as const),
    field: fc.constantFrom(...textFields),
    items: fc.array(
      fc.record({
        kind: fc.constant('text' as const),
        text: words,
        isPrefix: fc.boolean(),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  fc.record({
    kind: fc.constant('term' as const),
    field: fc.constantFrom<FieldName>('tokens-in', 'bytes-out', 'status'),
    items: fc.array(
      fc.oneof<fc.Arbitrary<Item>[]>(
        fc.record({
          kind: fc.constant('compare' as const),
          operator: fc.constantFrom('<', '<=', '>', '>='),
          value: fc.nat(999).map(String),
        }),
        fc
          .tuple(fc.nat(500), fc.nat(500))
          .map(([from, more]) => ({ kind: 'range', from: `${from}`, to: `${from + more}` })),
      ),
      { minLength: 1, maxLength: 3 },
    ),
  }),
)
const nodes = fc.letrec<{ readonly node: QueryNode }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    term,
    fc.record({ kind: fc.constant('not' as const), of: tie('node') }),
    fc.record({
      kind: fc.constantFrom('and', 'or'),
      of: fc.array(tie('node'), { minLength: 2, maxLength: 3 }),
    }),
  ),
})).node

test('any query survives being written and read again', () => {
  fc.assert(
    fc.property(nodes, (node) => {
      assert.equal(JSON.stringify(read(formatQuery(node))), JSON.stringify(node))
    }),
    { numRuns: 1_000 },
  )
})

test('terms that all must hold become lists that facets know, the rest one condition', () => {
  assert.deepEqual(asked('model:a,gpt* status:5xx -principal:alice last:1h'), {
    values: { model: ['a', 'gpt*'], status: ['5xx'] },
    not: { principal: ['alice'] },
    sinceMs: NOW_MS - HOUR_MS,
  })
  assert.deepEqual(asked('after:2026-11-22 before:2026-11-23'), {
    values: {},
    sinceMs: NOW_MS - 36 * HOUR_MS,
    untilMs: NOW_MS - 12 * HOUR_MS,
  })
  // Both must hold: two lists of one field are no alternatives.
  const { values, where } = asked('tool:a tool:b')
  assert.deepEqual(values, { tool: ['a'] })
  assert.deepEqual(where, {
    text: 'tool:b',
    condition: {
      kind: 'any',
      of: [{ kind: 'is', field: 'tool', test: { kind: 'exact', text: 'b' } }],
    },
  })
  // A star that is meant as a star, and a beginning where the list filter knows none.
  assert.equal(asked('model:"gpt*"').where?.text, 'model:"gpt*"')
  assert.equal(asked('principal:al*').where?.text, 'principal:al*')
  assert.equal(asked('model:a or model:b').where?.text, 'model:a or model:b')
})

test('a moment stands for its whole day, minute or second', () => {
  const boundsIn = (text: string) => JSON.stringify(asked(text).where?.condition)
  const day = Date.UTC(2026, 10, 23)
  const between = (from: number, to: number) =>
    JSON.stringify({
      kind: 'any',
      of: [
        {
          kind: 'all',
          of: [
            { kind: 'compare', field: 'receivedAtMs', operator: '>=', value: from },
            { kind: 'compare', field: 'receivedAtMs', operator: '<=', value: to },
          ],
        },
      ],
    })
  assert.equal(boundsIn('time:2026-11-23'), between(day, day + 24 * HOUR_MS - 1))
  assert.equal(
    boundsIn('time:2026-11-22..2026-11-23'),
    between(day - 24 * HOUR_MS, day + 24 * HOUR_MS - 1),
  )
  assert.equal(
    boundsIn('time:2026-11-23T10:00Z'),
    between(day + 10 * HOUR_MS, day + 10 * HOUR_MS + 59_999),
  )
  assert.match(
    boundsIn('time:>2026-11-23') ?? '',
    new RegExp(`"operator":">","value":${day + 24 * HOUR_MS - 1}`),
  )
})

test('two queries are joined so that both hold', () => {
  const both = bothQueries(
    { values: { model: ['a'] }, not: { tag: ['x'] }, sinceMs: 5, untilMs: 9 },
    asked('model:b -tag:y (service:s or service:t)'),
  )
  assert.deepEqual(both.values, { model: ['a'] })
  assert.deepEqual(both.not, { tag: ['x', 'y'] })
  assert.deepEqual([both.sinceMs, both.untilMs], [5, 9])
  assert.equal(both.where?.condition.kind, 'all')
  assert.match(JSON.stringify(both.where?.condition), /"text":"b"/)
})

test('moments, durations and sizes are read exactly or not at all', () => {
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
  assert.equal(readQuantity('bytes', '10kb'), 10_240)
  for (const text of ['', 'kb', '1.5kb', '10 kb', '10tb', '9999999999999']) {
    assert.equal(readQuantity('bytes', text), null, text)
  }
})
