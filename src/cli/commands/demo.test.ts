import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCli } from '../../../test/harness/cli.ts'
import { temporaryFolder } from '../../../test/harness/temporary-folder.ts'
import { DAYS, monthBefore, schedule } from '../demo/schedule.ts'
import { createStoryClock } from '../demo/story-clock.ts'
import { ACTORS, COLLEAGUES, LEAKED_SNIPPET } from '../demo/story.ts'

const FIRST_MS = Date.UTC(2026, 9, 1)

test('custody demo never takes a folder that it did not make', async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'mine.txt'), 'mine')
  const refused = await runCli('demo', '--folder', folder.path, '--no-serve')
  assert.equal(refused.code, 2)
  assert.match(refused.err, /is not empty and was not made by custody demo/)
  assert.deepEqual(readdirSync(folder.path), ['mine.txt'])
})

test('the month is the same each time, in order, within its days, with one leak near its end', () => {
  const cues = schedule(FIRST_MS)
  assert.deepEqual(cues, schedule(FIRST_MS))
  assert.ok(cues.length > 200)
  const times = cues.map(({ atMs }) => atMs)
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
  assert.ok((times.at(-1) ?? 0) < FIRST_MS + DAYS * 86_400_000)
  const leaks = cues.filter(({ scene }) =>
    scene.turns.some(({ answer }) => answer.includes(LEAKED_SNIPPET)),
  )
  assert.deepEqual(
    leaks.map(({ scene }) => scene.actor),
    ['mara'],
  )
})

test('all of the month is played whatever the hour, the last of it today once today has had two hours', () => {
  const midnight = FIRST_MS + 40 * 86_400_000
  const scenesAt = (hours: number) => {
    const nowMs = midnight + hours * 3_600_000
    const { firstMs, cues } = monthBefore(nowMs)
    const times = cues.map(({ atMs }) => atMs)
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    )
    const lastMs = times.at(-1) ?? 0
    assert.ok(lastMs <= nowMs - 15 * 60_000, String(hours))
    assert.equal(lastMs >= midnight, hours >= 2, String(hours))
    assert.ok((times[0] ?? 0) >= firstMs)
    return cues.map(({ scene }) => scene)
  }
  const atNoon = scenesAt(12)
  for (const hours of [2, 2.5, 9, 17.9, 23.99]) assert.deepEqual(scenesAt(hours), atNoon)
  assert.deepEqual(scenesAt(0.1), scenesAt(1.99))
})

test('the clock of the story only goes forward', () => {
  const clock = createStoryClock(FIRST_MS)
  const before = clock.monotonicMs()
  clock.moveTo(FIRST_MS + 60_000)
  assert.ok(clock.nowMs() >= FIRST_MS + 60_000)
  assert.ok(clock.monotonicMs() - before >= 59_000)
  clock.moveTo(FIRST_MS)
  assert.ok(clock.nowMs() >= FIRST_MS + 60_000)
})

test('whoever of the story has a key and is a person is among the people, the contractor too', () => {
  const people = new Set(COLLEAGUES.map(({ login }) => login))
  const owners = Object.values(ACTORS).map(({ owner }) => owner)
  const persons = owners.filter((owner) => owner.includes('.'))
  assert.ok(persons.includes('mara.voss'))
  for (const owner of persons) assert.ok(people.has(owner), owner)
})
