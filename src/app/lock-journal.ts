/** Makes each lock that is set or released evidence, also when another process (the command line) did it. */
import type { LockTable } from '../model/containment.ts'
import type { EvidenceEvent } from '../model/record.ts'
import type { Recorder } from '../model/recorder.ts'
import type { ExchangeIndex } from '../store/exchange-index.ts'
import { repeat } from './repeat.ts'

const LOOK_EVERY_MS = 1_000
/** Locks are few; this many events and locks are compared at the start. */
const EVENTS_READ_MAX = 100_000
const LOCKS_READ_MAX = 10_000

/** Compares the table with what was written, like the journal of keys: no change is left out, whoever made it. */
export async function keepLockJournal(
  table: LockTable,
  index: ExchangeIndex,
  recorder: Recorder,
): Promise<AsyncDisposable> {
  const written = new Set<string>()
  for (const { event } of await index.events(EVENTS_READ_MAX)) {
    if (event.type === 'lock.set' || event.type === 'lock.released')
      written.add(`${event.type} ${String(event.details['lock'])}`)
  }
  let seen: number | null = null

  const write = async (event: EvidenceEvent): Promise<void> => {
    const name = `${event.type} ${String(event.details['lock'])}`
    if (written.has(name)) return
    await recorder.note(event)
    written.add(name)
  }
  const compare = async (): Promise<void> => {
    const version = table.version()
    if (version === seen) return
    for (const lock of (await table.list({ limit: LOCKS_READ_MAX })).toReversed()) {
      const { kind, value } = lock
      await write({
        type: 'lock.set',
        atMs: lock.createdAtMs,
        actor: lock.owner,
        details: { lock: lock.id, kind, value, reason: lock.reason, expiresAtMs: lock.expiresAtMs },
      })
      if (lock.releasedAtMs === null) continue
      await write({
        type: 'lock.released',
        atMs: lock.releasedAtMs,
        actor: lock.releasedBy,
        details: { lock: lock.id, kind, value, reason: lock.releaseReason },
      })
    }
    seen = version
  }
  // A failed comparison is tried again at the next look: `seen` moves only when everything was written.
  const looks = repeat(compare, LOOK_EVERY_MS)
  return {
    async [Symbol.asyncDispose]() {
      void looks.look()
      await looks[Symbol.asyncDispose]()
    },
  }
}
