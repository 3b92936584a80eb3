import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { matcherOptions, shippedRuleset } from '../../test/harness/detectors.ts'
import type { Finding } from './finding.ts'
import { createJsonMatcher } from './json-fragments.ts'
import type { JsonOptions } from './json-fragments.ts'
import { scanText } from './matcher.ts'

function jsonOptions(changes: Partial<JsonOptions> = {}): JsonOptions {
  return {
    ...matcherOptions(),
    numbers: 'string',
    maskKeys: false,
    secretKeys: new Set(['password']),
    ...changes,
  }
}

function run(
  parts: readonly string[],
  options: JsonOptions,
): { text: string; findings: readonly Finding[] } {
  const matcher = createJsonMatcher(shippedRuleset('strict'), options)
  const steps = [...parts.map((part) => matcher.push(part)), matcher.end()]
  const findings = steps.flatMap((step) => step.findings)
  return {
    text: steps.map((step) => step.emit).join(''),
    findings: findings.toSorted((a, b) => a.start - b.start),
  }
}

const mask = (text: string, options = jsonOptions()): string => run([text], options).text

test('A value is masked however its characters are escaped', () => {
  for (const value of ['bob@example.com', 'bob\\u0040example.com', '\\u0062ob@example\\u002Ecom']) {
    assert.equal(mask(`{"to": "${value}"}`), '{"to": "<EMAIL_ADDRESS>"}')
  }
})

test('What is not masked keeps its spelling', () => {
  const text =
    '{ "a" : "caf\\u00e9 \\/ \\uD83D\\uDE00 \\n",\n\t"b":[1.50, -2e+3,true,null] ,"c":"x" }'
  assert.equal(mask(text), text)
})

test('A bare card number becomes text, zero or a block, by choice', () => {
  const text = '{"n":4111111111111111,"m":5}'
  assert.equal(mask(text), '{"n":"<CREDIT_CARD>","m":5}')
  assert.equal(mask(text, jsonOptions({ numbers: 'zero' })), '{"n":0,"m":5}')
  assert.equal(mask(text, jsonOptions({ numbers: 'block' })), '{"n":')
})

test('The value under a secret name is masked whole, in arrays too, and an empty one stays', () => {
  assert.equal(mask('{"Pass_word":"a \\"b\\" c"}'), '{"Pass_word":"<SECRET_FIELD>"}')
  assert.equal(
    mask('{"password":["x","y"],"z":"x"}'),
    '{"password":["<SECRET_FIELD>","<SECRET_FIELD>"],"z":"x"}',
  )
  assert.equal(mask('{"password":""}'), '{"password":""}')
})

test('A key is context for its value', () => {
  assert.equal(mask('{"api_key":"Fa4Ke7Demo9Key2Qw8Zx3Vb6"}'), '{"api_key":"<CREDENTIAL>"}')
  assert.equal(
    mask('{"commit":"Fa4Ke7Demo9Key2Qw8Zx3Vb6"}'),
    '{"commit":"Fa4Ke7Demo9Key2Qw8Zx3Vb6"}',
  )
})

test('Keys are masked only where that is asked for', () => {
  assert.equal(mask('{"bob@example.com":1}'), '{"bob@example.com":1}')
  assert.equal(
    mask('{"bob@example.com":1}', jsonOptions({ maskKeys: true })),
    '{"<EMAIL_ADDRESS>":1}',
  )
})

test('JSON inside a string is read as JSON', () => {
  const inner = JSON.stringify({ mail: 'bob@example.com', password: 'p', café: 'ü' })
  const masked = mask(JSON.stringify({ inner }))
  assert.deepEqual(JSON.parse(JSON.parse(masked).inner), {
    mail: '<EMAIL_ADDRESS>',
    password: '<SECRET_FIELD>',
    café: 'ü',
  })
})

test('Text that is no JSON is masked as text', () => {
  assert.equal(mask('send it to bob@example.com "now"'), 'send it to <EMAIL_ADDRESS> "now"')
  assert.equal(mask('{bob@example.com}'), '{<EMAIL_ADDRESS>}')
  assert.equal(mask('{"a":"[see] bob@example.com"}'), '{"a":"[see] <EMAIL_ADDRESS>"}')
})

test('Arguments that break off are masked up to where they break', () => {
  assert.equal(mask('{"to":"bob@example.com'), '{"to":"<EMAIL_ADDRESS>')
  assert.equal(mask('{"to":"bob@example.com\\u00'), '{"to":"<EMAIL_ADDRESS>\\u00')
  assert.equal(mask('{"n":411111111111'), '{"n":411111111111')
  assert.equal(mask('{"password":"abc'), '{"password":"<SECRET_FIELD>')
})

test('Findings point into the JSON text', () => {
  const text = '{"x":"\\u0061\\n", "to":"bob\\u0040example.com"}'
  const [finding] = run([text], jsonOptions()).findings
  assert.equal(text.slice(finding?.start, finding?.end), 'bob\\u0040example.com')
})

const leaf = fc.oneof(
  fc.string({ maxLength: 20, unit: 'grapheme' }),
  fc.constantFrom(
    'bob@example.com',
    'card 4111 1111 1111 1111',
    'x jane@example.org y',
    'null',
    '{"a":"b@c.de"}',
    '[1',
  ),
  fc.integer({ min: -99_999, max: 99_999 }),
  fc.boolean(),
  fc.constant(null),
)
const document = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie('value'), { maxLength: 4 }), tie('object')),
  object: fc.dictionary(fc.constantFrom('to', 'password', 'name', 'note', 'x'), tie('value'), {
    maxKeys: 4,
  }),
})).object

/** Spells some characters of strings as escapes. */
function respell(json: string, choices: readonly boolean[]): string {
  let inString = false
  let i = 0
  let out = ''
  for (let at = 0; at < json.length; at += 1) {
    const char = json.charAt(at)
    if (char === '"') inString = !inString
    if (inString && char === '\\') {
      out += char + json.charAt(at + 1)
      at += 1
    } else if (inString && char !== '"' && choices[i++ % choices.length]) {
      out += `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
    } else out += char
  }
  return out
}

test('Valid JSON in gives valid JSON out, at every cut the same, and equal to masking the parsed values', () => {
  const choices = fc.array(fc.boolean(), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(
      document,
      choices,
      fc.array(fc.nat(), { maxLength: 30 }),
      (value, escapes, cuts) => {
        const json = respell(JSON.stringify(value), escapes)
        const at = [
          0,
          ...cuts.map((cut) => cut % (json.length + 1)).toSorted((a, b) => a - b),
          json.length,
        ]
        const parts = at.slice(1).map((end, i) => json.slice(at[i], end))
        const options = jsonOptions({ secretKeys: new Set() })
        const split = run(parts, options)
        assert.deepEqual(split, run([json], options))
        assert.deepEqual(JSON.parse(split.text), maskValues(JSON.parse(json), options, ''))
      },
    ),
    { numRuns: 400 },
  )
})

function maskValues(value: unknown, options: JsonOptions, key: string): unknown {
  if (typeof value === 'string') {
    if (/^[{[]/.test(value)) return run([value], options).text
    const before = key === '' ? '' : `"${key}": "`
    return scanText(shippedRuleset('strict'), value, { ...options, before }).emit
  }
  if (Array.isArray(value)) return value.map((item) => maskValues(item, options, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, maskValues(item, options, name)]),
  )
}

test('After an exception the channel stays closed', () => {
  const digest = (): string => {
    throw new Error('the key is gone')
  }
  const matcher = createJsonMatcher(
    shippedRuleset('pii'),
    jsonOptions({ keys: { ...matcherOptions().keys, digest } }),
  )
  assert.throws(() => matcher.push('{"a":"bob@example.com "'), /the key is gone/)
  assert.throws(() => matcher.push('}'), /is working/)
})
