import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  closingFacts,
  openingFacts,
  openTestEvidence,
  temporaryFolder,
} from '../../test/harness/evidence.ts'
import { record } from '../../test/harness/recorded.ts'
import type { ExchangeRow } from '../model/record.ts'
import type { ExchangeIndex } from '../store/exchange-index.ts'
import { closedRow, openRow } from '../evidence/rows.ts'
import { newExchangeId } from '../lib/ids.ts'
import { ExchangeWatch } from './exchange-watch.ts'

const seen = (rows: readonly ExchangeRow[]): string[] =>
  rows.map(({ id, state }) => `${id} ${state}`)

async function addOpen(index: ExchangeIndex, row: ExchangeRow): Promise<void> {
  const { instance, openSegment: segment, openOffset: offset } = row
  await index.apply({
    exchanges: [row],
    blocks: [],
    findings: [],
    events: [],
    position: { instance, segment, offset },
  })
}

test('new exchanges are told once when they open and once when they end', async () => {
  await using folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path)
  const { index } = to.store
  await record(to)
  const stillOpen = await record(to, { closing: null })
  const watch = new ExchangeWatch({ index, filter: {}, fromMs: Date.now() + 1 })
  assert.deepEqual(seen(await watch.poll()), [`${stillOpen} open`])
  assert.deepEqual(seen(await watch.poll()), [])

  const bornMs = Date.now() + 10
  const address = { instance: to.evidence.instance, segment: 9, offset: 100 }
  const facts = openingFacts({ id: newExchangeId(bornMs), receivedAtMs: bornMs })
  const row = openRow(facts, { address, requestBytes: 1, storedBytes: 1 })
  await addOpen(index, row)
  assert.deepEqual(seen(await watch.poll()), [`${facts.id} open`])
  const closed = closedRow(row, closingFacts(), {
    address: { ...address, offset: 200 },
    requestBytes: null,
    storedBytes: 2,
  })
  await addOpen(index, closed)
  assert.deepEqual(seen(await watch.poll()), [`${facts.id} complete`])
  assert.deepEqual(seen(await watch.poll()), [])
})

test('a filter by state shows an exchange when it comes into that state', async () => {
  await using folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path)
  const { index } = to.store
  const fromMs = Date.now() - 1000
  const watch = new ExchangeWatch({ index, filter: { state: 'complete', model: 'gpt-*' }, fromMs })
  const address = { instance: to.evidence.instance, segment: 9, offset: 100 }
  const row = openRow(openingFacts(), { address, requestBytes: 1, storedBytes: 1 })
  await addOpen(index, row)
  assert.deepEqual(seen(await watch.poll()), [])
  await record(to, { facts: { model: 'other' } })
  const whole = await record(to)
  assert.deepEqual(seen(await watch.poll()), [`${whole} complete`])
  const at = { address: { ...address, offset: 200 }, requestBytes: null, storedBytes: 2 }
  await addOpen(index, closedRow(row, closingFacts({ state: 'complete' }), at))
  assert.deepEqual(seen(await watch.poll()), [`${row.id} complete`])
})

test('more new exchanges than one page are all told, in order of arrival', async () => {
  await using folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path)
  const { index } = to.store
  const fromMs = Date.now()
  const watch = new ExchangeWatch({ index, filter: {}, fromMs })
  const instance = to.evidence.instance
  const rows = Array.from({ length: 450 }, (_, at) => {
    const facts = openingFacts({
      id: newExchangeId(fromMs + 1 + at),
      receivedAtMs: fromMs + 1 + at,
    })
    const address = { instance, segment: 9, offset: at }
    return {
      ...openRow(facts, { address, requestBytes: 1, storedBytes: 1 }),
      state: 'refused' as const,
    }
  })
  const position = { instance, segment: 9, offset: 1000 }
  await index.apply({ exchanges: rows, blocks: [], events: [], findings: [], position })
  assert.deepEqual(
    (await watch.poll()).map(({ id }) => id),
    rows.map(({ id }) => id),
  )
  assert.deepEqual(await watch.poll(), [])
})
