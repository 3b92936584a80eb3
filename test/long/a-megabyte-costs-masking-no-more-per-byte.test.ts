import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scanText } from '../../src/detect/matcher.ts'
import { matcherOptions, shippedRuleset } from '../harness/detectors.ts'
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
