/** Makes each creation, revocation and change of owner of a key evidence, also when another process did it. */
import type { Clock } from '../lib/clock.ts'
import type { KeyRow, KeyTable } from '../model/keys.ts'
import type { EvidenceEvent } from '../model/record.ts'
import type { Recorder } from '../model/recorder.ts'
import type { ExchangeIndex } from '../store/exchange-index.ts'
import { repeat } from './repeat.ts'

const LOOK_EVERY_MS = 1_000
/** Key events are few; this many are compared at the start. */
const EVENTS_READ_MAX = 100_000

/**
 * The key table is the truth of what keys may do, the journal says when that changed. Comparing the two, rather than
 * being told, leaves no change out that happened while no gateway ran.
 */
export async function keepKeyJournal(
  table: KeyTable,
  index: ExchangeIndex,
  recorder: Recorder,
  clock: Clock,
): Promise<AsyncDisposable> {
  const written = new Set<string>()
  const owners = new Map<string, string>()
  const events = (await index.events(EVENTS_READ_MAX)).map(({ event }) => event)
  for (const event of events.toSorted((one, other) => one.atMs - other.atMs)) {
    const owner = event.details[event.type === 'key.handed-over' ? 'to' : 'owner']
    if (event.type === 'key.created' || event.type === 'key.handed-over')
      owners.set(String(event.details['key']), String(owner))
    if (event.type === 'key.created' || event.type === 'key.revoked')
      written.add(`${event.type} ${String(event.details['key'])}`)
  }
  let seen: number | null = null

  const write = async (
    type: EvidenceEvent['type'],
    keyId: string,
    event: EvidenceEvent,
  ): Promise<void> => {
    const name = `${type} ${keyId}`
    if (written.has(name)) return
    await recorder.note(event)
    written.add(name)
  }
  const noteOwner = async (row: KeyRow): Promise<void> => {
    const from = owners.get(row.id) ?? row.owner
    if (from !== row.owner) {
      await recorder.note({
        type: 'key.handed-over',
        atMs: clock.nowMs(),
        actor: '',
        details: { key: row.id, from, to: row.owner },
      })
    }
    owners.set(row.id, row.owner)
  }
  const compare = async (): Promise<void> => {
    const version = table.version()
    if (version === seen) return
    for (const row of await table.list()) {
      const details = {
        key: row.id,
        name: row.name,
        owner: row.owner,
        service: row.service,
        expiresAtMs: row.expiresAtMs,
      }
      await write('key.created', row.id, {
        type: 'key.created',
        atMs: row.createdAtMs,
        actor: row.owner,
        details,
      })
      await noteOwner(row)
      if (row.revokedAtMs !== null) {
        await write('key.revoked', row.id, {
          type: 'key.revoked',
          atMs: row.revokedAtMs,
          actor: '',
          details: { key: row.id },
        })
      }
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
