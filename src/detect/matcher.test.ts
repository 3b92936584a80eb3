import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { matcherOptions, rulesetOf, shippedRuleset } from '../../test/harness/detectors.ts'
import type { Finding, Mask } from './finding.ts'
import { createMatcher, scanText } from './matcher.ts'
import type { MatcherOptions } from './matcher.ts'
import { buildRuleset } from './ruleset.ts'
import type { Ruleset } from './ruleset.ts'

/** Kept apart from what follows it, so that no scanner takes the examples for live secrets. */
const PRIVATE = 'PRIVATE'
const GH = 'ghp'

interface Outcome {
  readonly text: string
  readonly findings: readonly Finding[]
  /** Replaced pieces; neighbours that belong together are joined. */
  readonly masks: readonly Mask[]
}

function run(ruleset: Ruleset, parts: readonly string[], options: MatcherOptions): Outcome {
  const matcher = createMatcher(ruleset, options)
  let text = ''
  const findings: Finding[] = []
  const masks: Mask[] = []
  for (const step of [...parts.map((part) => () => matcher.push(part)), () => matcher.end()]) {
    const { emit, findings: found, masks: replaced } = step()
    text += emit
    findings.push(...found)
    for (const mask of replaced) {
      const last = masks.at(-1)
      if (last !== undefined && mask.text === '' && last.end === mask.start) {
        masks[masks.length - 1] = { ...last, end: mask.end }
      } else masks.push(mask)
    }
  }
  const order = (a: Finding, b: Finding): number =>
    a.start - b.start || a.end - b.end || (a.rule < b.rule ? -1 : 1)
  return { text, findings: findings.toSorted(order), masks }
}

function cutAt(text: string, cuts: readonly number[]): readonly string[] {
  const at = [
    0,
    ...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b),
    text.length,
  ]
  return at.slice(1).map((end, i) => text.slice(at[i], end))
}

const TOKEN = `${GH}_Fa4Ke7Demo9Key2Qw8Zx3Vb6Ty5Ru0Cd1PlFa4K`
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkZW1vIn0.FakeSignature4Demo9'
const PEM = `-----BEGIN RSA ${PRIVATE} KEY-----\nMIIEFakeFakeFake4Demo9Only2\nQw8Zx3Vb6==\n-----END RSA PRIVATE KEY-----`

const SHORT_TEXTS: readonly string[] = [
  'mail jane.doe@example.com. Then joe+x@mail.example.co.uk, ok?',
  `the token is ${TOKEN}, keep it`,
  `a ${JWT} b`,
  `key:\n${PEM}\nafter`,
  `${PEM.slice(0, 70)} and prose goes on; nothing ends it`,
  'card 4111 1111 1111 1111 and 5555-5555-5555-4445 and 378282246310005',
  'iban DE89 3704 0044 0532 0130 00 or fr1420041010050500013m02606!',
  'bob&#64;example.com, bob%40example.com, bob\\u0040example.com, 100% sure & done',
  'ｊｏｅ＠ｅｘａｍｐｌｅ．ｃｏｍ and 4111\u200b1111\u200b1111\u200b1111 and ٤١١١ ١١١١ ١١١١ ١١١١',
  '𝟒𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 😀 ok 😀',
  'jоhn@exаmple.com with Cyrillic letters',
  `${btoa('write to jane.doe@example.com soon')} and ${Buffer.from('joe@example.com now').toString('hex')}.`,
  'password: hunter2hunter and password = "correct horse"',
  `cut off in the middle ${TOKEN.slice(0, 17)}`,
  'postgres://demo:fakepass9@db.example.com:5432/app?x=1',
  'a@a@a@a@b.co a.a.a.a@a.a.a.a.com -----BEGIN -----BEGIN PRIVATE',
  'SSN 536-22-1234, 123 45 6789; phone +44 20 7946 0958 (202) 555-0143',
]

for (const encoded of [false, true]) {
  for (const [i, text] of SHORT_TEXTS.entries()) {
    test(`Every split of text ${i + 1} gives what the whole gives${encoded ? ', encoded runs included' : ''}`, () => {
      const ruleset = shippedRuleset('strict')
      const options = matcherOptions({ encoded })
      const whole = run(ruleset, [text], options)
      for (let cut = 0; cut <= text.length; cut += 1) {
        assert.deepEqual(run(ruleset, [text.slice(0, cut), text.slice(cut)], options), whole)
      }
      assert.deepEqual(run(ruleset, text.split(''), options), whole)
    })
  }
}

const fragment = fc.oneof(
  fc.constantFrom(...SHORT_TEXTS),
  fc
    .constantFrom(...SHORT_TEXTS)
    .chain((text) => fc.nat(text.length).map((end) => text.slice(0, end))),
  fc.string({ maxLength: 30, unit: 'grapheme' }),
  fc.constantFrom(
    ' ',
    '\n',
    '@',
    '.',
    '-',
    'eyJ',
    'AKIA',
    'sk-',
    '%4',
    '&#6',
    '\\u00',
    '4111',
    '\u200b',
    '=',
  ),
)
const longText = fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join(''))

test('Random splits of long texts give what the whole gives', () => {
  const ruleset = shippedRuleset('strict')
  fc.assert(
    fc.property(
      longText,
      fc.array(fc.nat(), { maxLength: 60 }),
      fc.boolean(),
      (text, cuts, encoded) => {
        const options = matcherOptions({ encoded })
        assert.deepEqual(run(ruleset, cutAt(text, cuts), options), run(ruleset, [text], options))
      },
    ),
    { numRuns: 300 },
  )
})

test('The table of states may be flushed at any moment without changing the result', () => {
  const rules = shippedRuleset('pii').rules
  const small = rulesetWithTable(rules, 20_000)
  const text = SHORT_TEXTS.join(' | ')
  const options = matcherOptions()
  assert.deepEqual(run(small, text.split(''), options), run(shippedRuleset('pii'), [text], options))
})

test('Two channels that share a flushed table do not disturb each other', () => {
  const small = rulesetWithTable(shippedRuleset('pii').rules, 20_000)
  const options = matcherOptions()
  const [one, two] = [createMatcher(small, options), createMatcher(small, options)]
  const texts = [SHORT_TEXTS.join(' '), SHORT_TEXTS.toReversed().join(' ')]
  const out = ['', '']
  for (let i = 0; i < 1200; i += 1) {
    out[0] += one.push(texts[0]!.charAt(i)).emit
    out[1] += two.push(texts[1]!.charAt(i)).emit
  }
  out[0] += one.push(texts[0]!.slice(1200)).emit + one.end().emit
  out[1] += two.push(texts[1]!.slice(1200)).emit + two.end().emit
  const whole = shippedRuleset('pii')
  assert.deepEqual(
    out,
    texts.map((text) => scanText(whole, text, options).emit),
  )
})

/** What masking means, said with the engine of the language over the whole text: no automaton, no segments. */
function oracle(rules: readonly { readonly pattern: string }[], text: string): string {
  const hidden = new Set<number>()
  for (const { pattern } of rules) {
    const regex = new RegExp(pattern.replaceAll('(?P<', '(?<'), 'dg')
    for (let found = regex.exec(text); found !== null; found = regex.exec(text)) {
      const [start, end] = found.indices!.groups!['secret']!
      for (let i = start; i < end; i += 1) hidden.add(i)
    }
  }
  return Array.from(text, (char, i) => (hidden.has(i) ? '■' : char)).join('')
}

function stars(text: string, masks: readonly Mask[]): string {
  return Array.from(text, (char, i) =>
    masks.some((m) => m.start <= i && i < m.end) ? '■' : char,
  ).join('')
}

const oracleRules = [
  { id: 'a', pattern: '\\b(?P<secret>[ab]{2,6}@[ab]{1,4}(?:\\.[ab]{1,4}){1,3})\\b' },
  { id: 'b', pattern: 'k=(?P<secret>[ab]{3,9})(?:;|$)' },
  { id: 'c', pattern: '(?P<secret>a{3}\\d{1,5})b?' },
  { id: 'd', pattern: '(?:^|\\s)(?P<secret>\\d{4}[ .]?\\d{4})\\b' },
  { id: 'e', pattern: '(?P<secret>bb?(?:ab){2,4})' },
]

test('Masked positions are those that an independent reading of the rules gives', () => {
  const ruleset = rulesetOf(
    oracleRules.map((rule, i) => ({
      ...rule,
      examples: {
        positive: [['ab@a.b', 'k=aaa;', 'aaa1', '1234 5678', 'babab'][i]],
        negative: ['zz'],
      },
    })),
  )
  const text = fc
    .array(fc.constantFrom('a', 'b', 'ab', 'aaa', '@', '.', ' ', 'k=', ';', '1', '1234'), {
      maxLength: 60,
    })
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(text, fc.array(fc.nat(), { maxLength: 20 }), (input, cuts) => {
      const { masks } = run(ruleset, cutAt(input, cuts), matcherOptions())
      assert.equal(stars(input, masks), oracle(oracleRules, input))
    }),
    { numRuns: 2000 },
  )
})

test('The hold is bounded, and what was held too long is still masked as in the whole', () => {
  const ruleset = shippedRuleset('strict')
  const options = matcherOptions()
  for (const unit of [
    'a@',
    'a.',
    'deadbeef',
    '4111 1111 ',
    'A',
    'aGVsbG8',
    '-----BEGIN ',
    '%4',
    '&#',
  ]) {
    const text = `${unit.repeat(4000)} jane@example.com`
    const matcher = createMatcher(ruleset, options)
    let emitted = ''
    let held = 0
    for (let at = 0; at < text.length; at += 7) {
      const step = matcher.push(text.slice(at, at + 7))
      emitted += step.emit
      held = Math.max(held, Math.min(at + 7, text.length) - step.settled)
    }
    emitted += matcher.end().emit
    assert.equal(emitted, scanText(ruleset, text, options).emit, unit)
    assert.ok(held <= 2 * ruleset.longest + 16, `${unit} held ${held}`)
  }
})

test('Nothing is held where no secret can be open', () => {
  const matcher = createMatcher(shippedRuleset('credentials'), matcherOptions())
  const step = matcher.push('The quick brown fox. ')
  assert.equal(step.emit, 'The quick brown fox. ')
})

test('An eager rule masks as soon as it is sure and drops the rest of the token', () => {
  const matcher = createMatcher(shippedRuleset('credentials'), matcherOptions())
  const head = matcher.push(`x ${PEM.slice(0, 60)}`)
  assert.equal(head.emit, 'x <CREDENTIAL>')
  assert.equal(matcher.push(PEM.slice(60)).emit, '')
  assert.equal(matcher.push(' y ').emit, ' y ')
})

test('Findings never carry the value', () => {
  const ruleset = shippedRuleset('strict')
  const secrets = [TOKEN, JWT, 'jane.doe@example.com', '4111 1111 1111 1111', 'hunter2hunter']
  const digest = (_purpose: string, value: string): string => String(value.length)
  const options = matcherOptions({ keys: { ...matcherOptions().keys, digest } })
  const { findings, text } = run(
    ruleset,
    [`${secrets.join(' , ')} password: hunter2hunter`],
    options,
  )
  assert.ok(findings.length >= secrets.length)
  const said = JSON.stringify(findings)
  for (const secret of [TOKEN, JWT, 'jane.doe', '4111 1111', '@example']) {
    assert.ok(!said.includes(secret))
    assert.ok(!text.includes(secret))
  }
})

test('A function that fails closes the channel: nothing more comes out', () => {
  const ruleset = shippedRuleset('pii')
  const digest = (): string => {
    throw new Error('the key is gone')
  }
  const matcher = createMatcher(
    ruleset,
    matcherOptions({ keys: { ...matcherOptions().keys, digest } }),
  )
  assert.throws(() => matcher.push('jane.doe@example.com is here'), /the key is gone/)
  assert.throws(() => matcher.push('more'), /matcher is working/)
  assert.throws(() => matcher.end(), /matcher is working/)
})

test('After a blocked finding nothing is emitted', () => {
  const ruleset = shippedRuleset('pii')
  const options = matcherOptions({
    operators: {
      byEntity: new Map([['EMAIL_ADDRESS', { kind: 'block' }]]),
      fallback: { kind: 'redact' },
    },
  })
  const text = 'hello jane.doe@example.com and more text'
  for (let cut = 0; cut <= text.length; cut += 1) {
    const matcher = createMatcher(ruleset, options)
    const steps = [matcher.push(text.slice(0, cut)), matcher.push(text.slice(cut)), matcher.end()]
    assert.equal(steps.map((step) => step.emit).join(''), 'hello ')
    assert.equal(steps.at(-1)?.blocked, true)
  }
})

test('Context in front of the channel counts for rules and is never emitted', () => {
  const ruleset = shippedRuleset('credentials')
  const options = matcherOptions({ before: '"api_key": "' })
  const value = 'Fa4Ke7Demo9Key2Qw8Zx3Vb6'
  const step = scanText(ruleset, value, options)
  assert.equal(step.emit, '<CREDENTIAL>')
  assert.deepEqual(step.masks, [{ start: 0, end: value.length, text: '<CREDENTIAL>' }])
  assert.equal(scanText(ruleset, value, matcherOptions()).emit, value)
})

test('Runs too long to decode are reported as not inspected', () => {
  const ruleset = shippedRuleset('pii')
  const text = `see ${'QUJD'.repeat(2000)} end`
  const step = scanText(ruleset, text, matcherOptions({ encoded: true }))
  assert.equal(step.emit, text)
  assert.deepEqual(step.uninspected, [{ start: 4, end: 8004, reason: 'encoded-run-too-long' }])
})

function rulesetWithTable(rules: Ruleset['rules'], tableBytesMax: number): Ruleset {
  const built = buildRuleset(rules, { instructionsMax: 200_000, tableBytesMax })
  assert.ok(built.kind === 'ruleset')
  return built.ruleset
}
