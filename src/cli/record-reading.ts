/** Records that content of a data folder is about to be shown by a command: durable before, by whoever writes its evidence. */
import { ownerName } from '../app/starter-key.ts'
import { nodeDisk } from '../evidence/disk.ts'
import type { KeyProvider } from '../evidence/key-provider.ts'
import { openEvidence } from '../evidence/open-evidence.ts'
import { leaveReading, type ReadingType } from '../evidence/reading-notes.ts'
import { systemClock } from '../lib/clock.ts'
import type { ExchangeIndex } from '../store/exchange-index.ts'
import { lockDataFolder } from './data-folder.ts'
import { EXIT, failWith, say } from './output.ts'

export interface ReadFolder {
  readonly folder: string
  readonly index: ExchangeIndex
  readonly keyProvider: KeyProvider
}

export interface ReadingFacts {
  readonly type?: ReadingType
  readonly operation: string
  /** Exchanges whose content is shown. */
  readonly records?: readonly string[]
  readonly details?: Readonly<Record<string, string | number | boolean | null>>
}

/** False when it could not be recorded; then it was said, and nothing may be shown. */
export async function recordReading(
  { folder, index, keyProvider }: ReadFolder,
  { type = 'evidence.read', operation, records = [], details = {} }: ReadingFacts,
): Promise<boolean> {
  const event = {
    type,
    atMs: systemClock.nowMs(),
    actor: ownerName(),
    details: { ...details, operation, by: 'custody on the data folder' },
    records,
  }
  try {
    await leaveReading(nodeDisk, folder, event)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    failWith(
      EXIT.failed,
      `the reading could not be recorded, so nothing is shown: ${reason}`,
      'of a copy that cannot be written, make another copy that can',
    )
    return false
  }
  try {
    using lock = await lockDataFolder(folder)
    // A running gateway takes the note up within a second.
    if (lock === null) return true
    const clock = systemClock
    await using evidence = await openEvidence({ folder, index, clock, keyProvider })
    await evidence.flush()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    say(`warning: the note of this reading waits for the next start: ${reason}`)
  }
  return true
}
