/** Makes each creation and revocation of a key evidence, also when another process (the command line) did it. */
import type { KeyTable } from '../model/keys.ts'
import type { EvidenceEvent } from '../model/record.ts'
import type { Recorder } from '../model/recorder.ts'
import type { ExchangeIndex } from '../store/exchange-index.ts'

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
): Promise<AsyncDisposable> {
  const written = new Set<string>()
  for (const { event } of await index.events(EVENTS_READ_MAX)) {
    if (event.type === 'key.created' || event.type === 'key.revoked')
      written.add(`${event.type} ${String(event.details['key'])}`)
  }
  let seen: number | null = null
  let running: Promise<void> = Promise.resolve()

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
  const look = (): void => {
    // A failed comparison is tried again at the next look: `seen` moves only when everything was written.
    running = running.then(compare).catch(() => undefined)
  }
  look()
  const timer = setInterval(look, LOOK_EVERY_MS)
  timer.unref()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      look()
      await running
    },
  }
}
