import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BlockFindings, NOTHING_FOUND } from './block-findings.ts'

const named = (at: number): string => `block ${at}`

test('what was found in a block is remembered while the block is asked for, however many others come', () => {
  const findings = new BlockFindings(10)
  findings.set('history', NOTHING_FOUND)
  for (let at = 0; at < 1000; at += 1) {
    findings.set(named(at), NOTHING_FOUND)
    assert.equal(findings.get('history'), NOTHING_FOUND)
  }
})

test('no more blocks are remembered than are allowed, the latest ones', () => {
  const findings = new BlockFindings(10)
  for (let at = 0; at < 1000; at += 1) findings.set(named(at), NOTHING_FOUND)
  // To ask for one keeps it longer than others: the latest are asked for first.
  const kept = Array.from({ length: 1000 }, (_, at) => 999 - at).filter(
    (at) => findings.get(named(at)) !== null,
  )
  assert.ok(kept.length >= 5 && kept.length <= 10, `${kept.length} are kept`)
  assert.deepEqual(
    kept,
    kept.map((_, at) => 999 - at),
  )
})
