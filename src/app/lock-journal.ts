/** Makes each lock that is set or released evidence, also when another process (the command line) did it. */
import type { LockRow, LockTable } from '../model/containment.ts'
import type { EvidenceEvent } from '../model/record.ts'
import type { Recorder } from '../model/recorder.ts'
import type { ExchangeIndex } from '../store/exchange-index.ts'
import { keepJournal } from './journal.ts'

/** Locks are few; this many are compared at the start. */
const LOCKS_READ_MAX = 10_000

export function keepLockJournal(
  table: LockTable,
  index: ExchangeIndex,
  recorder: Recorder,
): Promise<AsyncDisposable> {
  const set = new Set<string>()
  const released = new Set<string>()

  function* missingOf(row: LockRow): Generator<EvidenceEvent> {
    const { id: lock, kind, value, reason, owner, createdAtMs, expiresAtMs } = row
    if (!set.has(lock)) {
      const details = { lock, kind, value, reason, expiresAtMs }
      yield { type: 'lock.set', atMs: createdAtMs, actor: owner, details }
    }
    const { releasedAtMs, releasedBy, releaseReason } = row
    if (releasedAtMs !== null && !released.has(lock)) {
      const details = { lock, kind, value, reason: releaseReason }
      yield { type: 'lock.released', atMs: releasedAtMs, actor: releasedBy, details }
    }
  }
  return keepJournal(
    {
      types: ['lock.set', 'lock.released'],
      version: table.version,
      recall: ({ type, details }) => {
        if (type === 'lock.set') set.add(String(details['lock']))
        else if (type === 'lock.released') released.add(String(details['lock']))
      },
      missing: async () => {
        const locks = await table.list({ limit: LOCKS_READ_MAX })
        return locks.toReversed().flatMap((row) => [...missingOf(row)])
      },
    },
    index,
    recorder,
  )
}
