/** Builds transparency logs for tests: drafts of leaves, keys, a writer over any disk. */
import { nodeDisk, type Disk } from '../../src/evidence/disk.ts'
import { fixedKeyProvider, localRootKey } from '../../src/evidence/key-provider.ts'
import { EMPTY_DRAFT, type LeafDraft } from '../../src/evidence/log/leaf.ts'
import { LogKeys } from '../../src/evidence/log/log-keys.ts'
import { LogWriter, type LogLimits } from '../../src/evidence/log/log-writer.ts'
import type { TreeHead } from '../../src/evidence/log/merkle-proof.ts'
import type { Clock } from '../../src/lib/clock.ts'

export const ORIGIN = 'custody.example/log/test'
export const provider = fixedKeyProvider(localRootKey(Buffer.alloc(32, 7)))

/** Stands still at 2023-11-14. */
export const stillClock: Clock = { nowMs: () => 1_700_000_000_000, monotonicMs: () => 0 }

const DIGEST = 'a'.repeat(64)

export function openedLeaf(number: number): LeafDraft {
  return {
    ...EMPTY_DRAFT,
    kind: 'exchange.opened',
    record: `ex_${String(number).padStart(26, '0')}`,
    frame: `in_${'0'.repeat(26)}/1/${number + 1}`,
    storedDigest: DIGEST,
    plaintextCommitment: 'b'.repeat(64),
    policyDigest: 'c'.repeat(64),
  }
}

export function closedLeaf(number: number, opening: number): LeafDraft {
  return { ...openedLeaf(number), kind: 'exchange.closed', policyDigest: null, opening }
}

export const heartbeat: LeafDraft = { ...EMPTY_DRAFT, kind: 'heartbeat' }

export interface TestLogOptions {
  readonly disk?: Disk
  readonly clock?: Clock
  readonly limits?: Partial<LogLimits>
  readonly onCheckpoint?: (head: TreeHead, checkpoint: Buffer) => void
}

/** Keys in `<folder>/keys`, the log in `<folder>/log`. */
export async function openTestLog(
  folder: string,
  { disk = nodeDisk, clock = stillClock, ...rest }: TestLogOptions = {},
): Promise<{ readonly writer: LogWriter; readonly keys: LogKeys }> {
  const keys = await LogKeys.open({ disk, folder: `${folder}/keys`, provider, origin: ORIGIN })
  const writer = await LogWriter.open({ disk, folder: `${folder}/log`, keys, clock, ...rest })
  return { writer, keys }
}
