/** The thread is ended by what the database really throws: triggers and a missing table stand for a disk and a record gone bad. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { constants } from 'node:fs'
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { IndexThread, asideText, type IndexThreadOptions } from '../src/app/trace-indexing.ts'
import { RecordFeed } from '../src/incident/trace/record-feed.ts'
import { TRIES_MAX } from '../src/incident/trace/suspects.ts'
import type { ExchangeId } from '../src/lib/ids.ts'
import { runCli } from './harness/cli.ts'
import { openTestEvidence, temporaryFolder, type TestEvidence } from './harness/evidence.ts'
import { leak, recordSent, tracingOf } from './harness/traced.ts'
import { until } from './harness/until.ts'

const CLASSES = ['default', 'odd']
const STANDS_STILL_MS = 4_000

interface Indexed extends AsyncDisposable {
  readonly to: TestEvidence
  readonly thread: IndexThread
  readonly faults: readonly string[]
  readonly damage: (statements: string) => void
}

async function indexed(
  folder: string,
  given: Partial<Pick<IndexThreadOptions, 'standsStillMs' | 'beginAfterMs'>> = {},
): Promise<Indexed> {
  await using stack = new AsyncDisposableStack()
  const feed = new RecordFeed()
  const to = stack.use(await openTestEvidence(folder, { tap: feed, retentionClasses: CLASSES }))
  const faults: string[] = []
  const thread = new IndexThread({
    folder,
    storage: { kind: 'sqlite', folder },
    feed,
    onFault: (message) => faults.push(message),
    pauseMs: 10,
    ...given,
  })
  stack.defer(() => thread.stop())
  const owned = stack.move()
  return {
    to,
    thread,
    faults,
    damage: (statements) => {
      const database = new DatabaseSync(join(folder, 'trace.db'), { timeout: 30_000 })
      database.exec(statements)
      database.close()
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function found(folder: string, to: TestEvidence, n: number): Promise<readonly ExchangeId[]> {
  await using tracing = await tracingOf(folder, to)
  return (await tracing.tracer.trace(leak(n))).exposures.map(({ row }) => row.id)
}

async function untilWell(thread: IndexThread): Promise<void> {
  await until(
    async () => {
      await thread.caughtUp()
      return thread.state().fault === null
    },
    () => JSON.stringify(thread.state()),
  )
}

test('a thread that nobody asks begins by itself after the first record', async () => {
  await using folder = await temporaryFolder()
  await using running = await indexed(folder.path, { beginAfterMs: 10 })
  const id = await recordSent(running.to, { request: leak(1) })
  await running.to.evidence.flush()
  await until(async () => (await found(folder.path, running.to, 1)).includes(id))
})

test('an index thread that an error ends is started again, and misses nothing', async () => {
  await using folder = await temporaryFolder()
  await using running = await indexed(folder.path)
  const { to, thread, faults, damage } = running
  const first = await recordSent(to, { request: leak(1) })
  await to.evidence.flush()
  await untilWell(thread)
  damage('alter table trace_positions rename to gone')
  const second = await recordSent(to, { request: leak(2) })
  await to.evidence.flush()
  await thread.caughtUp()
  await until(() => thread.state().restarts >= 2)
  assert.match(thread.state().fault ?? '', /^Error ERR_SQLITE_ERROR at /)
  assert.match(faults[0] ?? '', /^the index thread ended \(.*\); it is started again$/)
  damage('alter table gone rename to trace_positions')
  await untilWell(thread)
  // Nothing is recorded that would wake it: what was handed to the one that ended is read from the record.
  await until(async () => (await found(folder.path, to, 2)).length > 0)
  assert.deepEqual(await found(folder.path, to, 1), [first])
  assert.deepEqual(await found(folder.path, to, 2), [second])
  assert.deepEqual(thread.state().aside, [])
})

test('what of a record ends the thread again and again is set aside by name, and reindexing takes it', async () => {
  await using folder = await temporaryFolder()
  let odd: ExchangeId
  {
    await using running = await indexed(folder.path)
    const { to, thread, damage, faults } = running
    await recordSent(to, { request: leak(1) })
    await to.evidence.flush()
    await untilWell(thread)
    damage(`create trigger poison before insert on trace_epochs when new.retention_class = 'odd'
      begin select raise(abort, 'tulip'); end`)
    odd = await recordSent(to, { request: leak(2), retentionClass: 'odd' })
    const after = await recordSent(to, { request: leak(3) })
    await to.evidence.flush()
    await until(
      async () => {
        await thread.caughtUp()
        return thread.state().aside.length === 2
      },
      () => JSON.stringify(thread.state()),
    )
    await untilWell(thread)
    assert.deepEqual(
      thread.state().aside.map(({ exchange, half, tries }) => [exchange, half, tries]),
      [
        [odd, 'closing', TRIES_MAX],
        [odd, 'opening', TRIES_MAX],
      ],
    )
    assert.equal(thread.state().restarts >= 2 * TRIES_MAX, true)
    const told = asideText(thread.state().aside) ?? ''
    assert.match(told, new RegExp(`^2 set aside: ${odd} \\(closing: Error ERR_SQLITE_ERROR at `))
    assert.ok(faults.includes(told))
    assert.doesNotMatch(faults.join(' '), /tulip/)
    await until(async () => (await found(folder.path, to, 3)).length > 0)
    assert.deepEqual(await found(folder.path, to, 3), [after])
    assert.deepEqual(await found(folder.path, to, 2), [])
  }
  const still = await runCli('reindex', '--data', folder.path)
  assert.equal(still.code, 0)
  assert.match(still.out, /set aside +0 now in the trace index, 2 still not/)
  assert.match(still.err, new RegExp(`not in the trace index: ${odd} \\(opening\\)`))
  const database = new DatabaseSync(join(folder.path, 'trace.db'))
  database.exec('drop trigger poison')
  database.close()
  const taken = await runCli('reindex', '--data', folder.path)
  assert.match(taken.out, /set aside +2 now in the trace index, 0 still not/)
  await using to = await openTestEvidence(folder.path, { retentionClasses: CLASSES })
  assert.deepEqual(await found(folder.path, to, 2), [odd])
})

test('a thread that is stopped while it waits to be started again stays stopped', async () => {
  await using folder = await temporaryFolder()
  await using running = await indexed(folder.path)
  const { to, thread, damage } = running
  await recordSent(to, { request: leak(1) })
  await to.evidence.flush()
  await untilWell(thread)
  damage('drop table trace_positions')
  await recordSent(to, { request: leak(2) })
  await to.evidence.flush()
  await thread.caughtUp()
  await until(() => thread.state().fault !== null)
  await thread.stop()
  const { restarts } = thread.state()
  await sleep(50)
  assert.equal(thread.state().restarts, restarts)
})

test('an index thread that stands still is ended and started again, and then misses nothing', async () => {
  await using folder = await temporaryFolder()
  await using running = await indexed(folder.path, { standsStillMs: STANDS_STILL_MS })
  const { to, thread, faults } = running
  // Of an instance before this one. Whoever opens a pipe waits for somebody who writes to it: a disk that never answers.
  const stuck = join(folder.path, 'segments', `in_${'0'.repeat(26)}`)
  const pipe = join(stuck, '0000000001.seg')
  await mkdir(stuck)
  execFileSync('mkfifo', [pipe])
  const id = await recordSent(to, { request: leak(1) })
  await to.evidence.flush()
  try {
    await until(
      () => thread.state().restarts >= 1,
      () => JSON.stringify(thread.state()),
    )
    assert.equal(thread.state().fault, 'it stood still for 4 s')
    assert.equal(faults[0], 'the index thread ended (it stood still for 4 s); it is started again')
  } finally {
    const writer = await open(pipe, constants.O_RDWR | constants.O_NONBLOCK)
    await rm(stuck, { recursive: true })
    await writer.close()
  }
  await untilWell(thread)
  await until(async () => (await found(folder.path, to, 1)).length > 0)
  assert.deepEqual(await found(folder.path, to, 1), [id])
  assert.deepEqual(thread.state().aside, [])
})
