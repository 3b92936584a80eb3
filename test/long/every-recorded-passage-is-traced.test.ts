/** Thousands of random passages of recorded traffic: at and above the promise all are found, in the exchange that held them. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { openTracing } from '../../src/app/open-tracing.ts'
import { createDraw, passageOf, unitsOf } from '../harness/passages.ts'
import type { ExchangeId } from '../../src/lib/ids.ts'
import {
  chatBody,
  closingFacts,
  openingFacts,
  openTestEvidence,
  temporaryFolder,
  wholeBody,
} from '../harness/evidence.ts'

const PASSAGES = 3_000
const TEXTS = globSync('{src,docs,web/src,test}/**/*.{ts,md,tsx,css}')
  .map((file) => readFileSync(file, 'utf8').slice(0, 12_000))
  .filter((text) => text.length > 2_000)
  .slice(0, 300)

const draw = createDraw(7)

const REWRAPPED: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => text.toUpperCase(),
  (text) => text.replaceAll(/\s+/g, ' '),
  (text) =>
    text
      .split('\n')
      .map((line) => `> ${line}`)
      .join('\n'),
  (text) =>
    text
      .split('\n')
      .map((line, n) => `${n + 7}: ${line}`)
      .join('\n'),
  (text) => JSON.stringify(text),
]

test(`${PASSAGES} random passages of a hundred units and more are all found where they were sent`, async () => {
  await using folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path)
  const ids: ExchangeId[] = []
  for (const text of TEXTS) {
    const { bytes, spans } = chatBody([{ role: 'user', text }])
    const facts = openingFacts()
    ids.push(facts.id)
    const recording = await to.evidence.recorder.open({ facts, body: wholeBody(bytes, spans) })
    await recording.close(closingFacts())
  }
  await to.evidence.flush()
  await using tracing = await openTracing(
    { folder: folder.path, storage: { kind: 'sqlite', folder: folder.path } },
    to.store,
    () => '',
  )
  await tracing.catchUp(() => false)
  let rewrapped = 0
  let tried = 0
  let halves = 0
  for (let n = 0; n < PASSAGES; n += 1) {
    const at = draw(TEXTS.length)
    const text = TEXTS[at] ?? ''
    const taken = passageOf(text, 100 + draw(400), draw)
    if (taken === null) continue
    const wrap = REWRAPPED[n % REWRAPPED.length] ?? ((same: string) => same)
    const asked = wrap(taken)
    // What re-wrapping takes away is not promised.
    if (unitsOf(asked) < 100) continue
    const { exposures } = await tracing.tracer.trace(asked)
    const found = exposures.find(({ row }) => row.id === ids[at])
    if (n % REWRAPPED.length === 0) {
      assert.ok(found !== undefined, JSON.stringify(taken))
      assert.ok(found.coverage > 0.85, `${found.coverage} of ${JSON.stringify(taken)}`)
    } else {
      tried += 1
      if (found !== undefined) rewrapped += 1
    }
    if (n % 10 === 0 && taken.length > 400) {
      const half = `Something else before it. ${taken.slice(0, taken.length / 2)} and after it.`
      const partial = await tracing.tracer.trace(half)
      if (partial.exposures.some(({ row }) => row.id === ids[at])) halves += 1
    }
  }
  assert.ok(tried > PASSAGES / 2)
  assert.ok(rewrapped > tried * 0.95, `${rewrapped} of ${tried} found re-wrapped`)
  assert.ok(halves > 0)
})
