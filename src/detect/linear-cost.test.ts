import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matcherOptions, shippedRuleset } from '../../test/harness/detectors.ts'
import { scanText } from './matcher.ts'

const adversarial: Readonly<Record<string, string>> = {
  base64: 'aGVsbG8gd29ybGQsIHRoaXMgaXMgYSB0ZXN0IG9mIGxpbmVhciBjb3N0',
  hex: 'deadbeef0123456789abcdef',
  'a@a@': 'a@',
  'digit grids': '4111 1111 1111 1112 ',
  dotted: 'a.a.',
  'minified code': 'function a(b){return b.c("d",e=>f[g]*2)};var h={i:"j",k:[1,2,3]};',
  'password names': 'password=',
  'key names': 'api_key="secret_token=',
  'broken PEM': '-----BEGIN RSA PRIVATE KEY-----\n',
  uuids: '3fa85f64-5717-4562-b3fc-2c963f66afa6 ',
  escapes: '%40&#64;\\u0040',
}

for (const [name, unit] of Object.entries(adversarial)) {
  test(`Searching costs the same per character in 16 KB as in 2 KB of ${name}`, () => {
    const ruleset = shippedRuleset('strict')
    const cost = (length: number): number => {
      const work = (): number => ruleset.probes.reduce((sum, probe) => sum + probe.search.work, 0)
      const before = work()
      const text = unit.repeat(Math.ceil(length / unit.length))
      scanText(ruleset, text, matcherOptions())
      return (work() - before) / text.length
    }
    const [short, long] = [cost(2_000), cost(16_000)]
    assert.ok(long <= short * 1.5 + 2, `${short} threads per character became ${long}`)
  })
}

test('The automaton visits a bounded number of states however long the text is', () => {
  const ruleset = shippedRuleset('strict')
  const { automaton } = ruleset
  for (const unit of Object.values(adversarial)) {
    scanText(ruleset, unit.repeat(200), matcherOptions())
    const before = automaton.states
    scanText(ruleset, unit.repeat(2000), matcherOptions())
    assert.ok(automaton.states - before <= 64, unit)
  }
})
