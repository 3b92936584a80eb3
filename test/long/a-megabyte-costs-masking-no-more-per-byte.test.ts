import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { scanText } from '../../src/detect/matcher.ts'
import { matcherOptions, shippedRuleset } from '../harness/detectors.ts'
import { noise } from '../harness/noise.ts'
import { HOSTILE_UNITS, hostileText } from '../harness/hostile-texts.ts'

const SHORT = [1_000, 4_000, 16_000]
const MEGABYTE = 1_000_000

/** Characters and threads that exact searches look at, and states that the automaton has to make. */
function costOf(pack: string, text: string, encoded: boolean): number {
  const { probes, automaton } = shippedRuleset(pack)
  const done = (): number =>
    automaton.states + probes.reduce((sum, { search }) => sum + search.work, 0)
  const before = done()
  scanText(shippedRuleset(pack), text, matcherOptions({ encoded }))
  return (done() - before) / text.length
}

for (const pack of ['credentials', 'pci', 'pii', 'phi', 'strict']) {
  test(`${pack}: a megabyte of any hostile text costs what a short one costs, per character`, () => {
    for (const name of Object.keys(HOSTILE_UNITS)) {
      for (const encoded of [false, true]) {
        costOf(pack, hostileText(name, Math.max(...SHORT)), encoded)
        const few = Math.max(
          ...SHORT.map((length) => costOf(pack, hostileText(name, length), encoded)),
        )
        const many = costOf(pack, hostileText(name, MEGABYTE), encoded)
        assert.ok(many <= few * 1.2, `${name}, ${encoded}: ${few} became ${many}`)
      }
    }
  })
}

/** Words of no language behind names and signs that rules wait for: hardly two places of it are alike. */
function* oddTexts(): Generator<string, void> {
  const names = [
    'password: ',
    'api_key="',
    'Bearer ',
    'https://u:',
    'card ',
    'AKIA',
    'token=',
    '-',
    '.',
    ' ',
  ]
  for (let n = 0; n < 2_000; n += 1) {
    const words = noise(`odd ${n}`, 8_000).match(/.{1,23}/g) ?? []
    yield words.map((word, at) => `${names[(at * 7 + n) % names.length]}${word}`).join('')
  }
}

test('the automaton of all rules takes at most 16 MB, whatever text it reads', () => {
  const { automaton } = shippedRuleset('strict')
  const root = join(import.meta.dirname, '..', '..')
  let most = 0
  let isEmptied = false
  const read = (text: string): void => {
    const before = automaton.states
    scanText(shippedRuleset('strict'), text, matcherOptions())
    most = Math.max(most, automaton.tableBytes)
    isEmptied ||= automaton.states < before
  }
  for (const folder of ['docs', 'src', 'test', 'web']) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }))
      if (/^(?!.*node_modules).*\.(?:md|ts|tsx)$/.test(name))
        read(readFileSync(join(root, folder, name), 'utf8'))
  }
  for (const text of oddTexts()) {
    if (isEmptied) break
    read(text)
  }
  assert.ok(isEmptied, 'it had to make room')
  assert.ok(most <= 16_000_000, `${most} bytes`)
})
