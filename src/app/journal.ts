/** Makes evidence of what changes in a table, whoever changed it: another process, or nobody while no gateway ran. */
import type { EventType, EvidenceEvent } from '../model/record.ts'
import type { Recorder } from '../model/recorder.ts'
import type { EventRow, ExchangeIndex } from '../store/exchange-index.ts'
import { repeat } from './repeat.ts'

const LOOK_EVERY_MS = 1_000

export interface JournalOf {
  /** What it writes. */
  readonly types: readonly EventType[]
  /** Changes whenever the table may have. */
  readonly version: () => unknown
  /** Told of each event of earlier runs, oldest first, and then of each that is written. */
  readonly recall: (event: EvidenceEvent, instance: EventRow['instance'] | null) => void
  /** What the table says and no event does, oldest first. */
  readonly missing: () => Promise<readonly EvidenceEvent[]>
}

/**
 * The table is the truth of what holds, the journal says when that changed. Comparing the two, rather than being told, leaves
 * no change out.
 */
export async function keepJournal(
  { types, version, recall, missing }: JournalOf,
  index: ExchangeIndex,
  recorder: Recorder,
): Promise<AsyncDisposable> {
  for (const { event, instance } of await index.eventsOfTypes(types)) recall(event, instance)
  let seen: unknown = null
  const compare = async (): Promise<void> => {
    const before = version()
    if (before === seen) return
    for (const event of await missing()) {
      await recorder.note(event)
      recall(event, null)
    }
    seen = before
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
