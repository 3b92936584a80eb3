/** Makes each creation, revocation and change of owner of a key evidence, also when another process did it. */
import type { Clock } from '../lib/clock.ts'
import type { KeyRow, KeyTable } from '../model/keys.ts'
import type { EvidenceEvent } from '../model/record.ts'
import type { Recorder } from '../model/recorder.ts'
import type { ExchangeIndex } from '../store/exchange-index.ts'
import { keepJournal } from './journal.ts'

export function keepKeyJournal(
  table: KeyTable,
  index: ExchangeIndex,
  recorder: Recorder,
  clock: Clock,
): Promise<AsyncDisposable> {
  const revoked = new Set<string>()
  /** Of each key whose creation is written. */
  const owners = new Map<string, string>()

  function* missingOf(row: KeyRow): Generator<EvidenceEvent> {
    const { id: key, name, owner, service, expiresAtMs, createdAtMs, revokedAtMs } = row
    const known = owners.get(key)
    if (known === undefined) {
      const details = { key, name, owner, service, expiresAtMs }
      yield { type: 'key.created', atMs: createdAtMs, actor: owner, details }
    } else if (known !== owner) {
      const details = { key, from: known, to: owner }
      yield { type: 'key.handed-over', atMs: clock.nowMs(), actor: '', details }
    }
    if (revokedAtMs !== null && !revoked.has(key))
      yield { type: 'key.revoked', atMs: revokedAtMs, actor: '', details: { key } }
  }
  return keepJournal(
    {
      types: ['key.created', 'key.handed-over', 'key.revoked'],
      version: table.version,
      recall: ({ type, details }) => {
        const key = String(details['key'])
        if (type === 'key.created') owners.set(key, String(details['owner']))
        else if (type === 'key.handed-over') owners.set(key, String(details['to']))
        else if (type === 'key.revoked') revoked.add(key)
      },
      missing: async () => (await table.list()).flatMap((row) => [...missingOf(row)]),
    },
    index,
    recorder,
  )
}
