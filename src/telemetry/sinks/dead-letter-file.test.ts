import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/harness/evidence.ts'
import { openDeadLetterFile } from './dead-letter-file.ts'
import type { SinkEvent } from './sink-event.ts'

const event = (n: number): SinkEvent => ({
  id: `ev_${n}`,
  type: 'lock.set',
  atMs: n,
  severity: 'high',
  exchange: null,
  event: null,
})
const idsOf = (letters: readonly { readonly event: SinkEvent }[]): readonly string[] =>
  letters.map(({ event: { id } }) => id)

test('letters of earlier versions are read, and a line that cannot be read is kept and counted', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'dead.jsonl')
  const broken = '{"reason":"status 422","ev'
  const old = JSON.stringify({ reason: 'status 400', event: event(1) })
  await writeFile(path, `${old}\n${broken}\n`)
  const file = await openDeadLetterFile(path)
  assert.equal(file.size(), 2)
  const [letter] = await file.waiting(10)
  assert.deepEqual(letter, {
    reason: 'status 400',
    event: event(1),
    atMs: null,
    attempts: 1,
    isAsked: false,
  })
  await file.change(() => null)
  assert.deepEqual([file.size(), await readFile(path, 'utf8')], [1, `${broken}\n`])
  assert.deepEqual(await file.waiting(10), [])
})

test('what is buried while people act is neither lost nor counted twice', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'dead.jsonl')
  const file = await openDeadLetterFile(path)
  assert.deepEqual([file.size(), await file.waiting(5)], [0, []])
  await Promise.all(
    Array.from({ length: 40 }, async (_, n) => {
      assert.equal(await file.bury(event(n), 'status 422', 7), true)
      if (n % 4 === 0)
        await file.change((letter) => (letter.event.id === `ev_${n}` ? null : letter))
    }),
  )
  assert.equal(file.size(), 30)
  const left = Array.from({ length: 40 }, (_, n) => n).filter((n) => n % 4 !== 0)
  assert.deepEqual(idsOf(await file.waiting(100)).toSorted(), left.map((n) => `ev_${n}`).toSorted())
  const again = await openDeadLetterFile(path)
  assert.equal(again.size(), 30)
})

test('what is to be sent again waits for nobody, also after a restart, and each event is there once', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'dead.jsonl')
  const file = await openDeadLetterFile(path)
  for (const n of [1, 2, 1, 3]) await file.bury(event(n), 'status 422', n)
  await file.change((letter) =>
    letter.event.id === 'ev_1' ? { ...letter, isAsked: true } : letter,
  )
  const again = await openDeadLetterFile(path)
  assert.deepEqual(idsOf(await again.asked()), ['ev_1'])
  assert.deepEqual(idsOf(await again.waiting(10)), ['ev_2', 'ev_3'])
  assert.deepEqual(idsOf(await again.waiting(1)), ['ev_3'])
  assert.equal(again.size(), 4)
})
