/** Checks the time stamps that lie beside a log: each dates the checkpoint beside it, and not before its last leaf. */
import type { Certificate } from 'pkijs'
import { peekCheckpoint } from '../log/checkpoint.ts'
import type { LogFolder } from '../log/log-folder.ts'
import { parseLeaf } from '../log/leaf.ts'
import { TileReader } from '../log/tile-reader.ts'
import { TILE_WIDTH } from '../log/tiles.ts'
import { STAMPS } from '../publish/publisher.ts'
import { readTimestamp } from '../publish/timestamp.ts'

/** Clocks of the gateway and of the authority may differ by so much. */
const SLACK_S = 300

export type StampProblem =
  /** `size`: leaves under the checkpoint that it should date. */
  | { readonly kind: 'timestamp-refused'; readonly size: number; readonly reason: string }
  /** A checkpoint was dated, and the token is gone; of size 0: authorities were named, and nothing is dated. */
  | { readonly kind: 'timestamp-missing'; readonly size: number }

export interface StampReport {
  /** Checkpoints that were dated: the log must continue them. */
  readonly notes: readonly Buffer[]
  readonly problems: readonly StampProblem[]
}

export interface StampOptions {
  /** Who may date; null believes the certificate that a token brings. */
  readonly authorities: readonly Certificate[] | null
  /** The newest token may not be there yet. */
  readonly isLive: boolean
}

export async function checkStamps(
  store: LogFolder,
  { authorities, isLive }: StampOptions,
): Promise<StampReport> {
  const notes: Buffer[] = []
  const problems: StampProblem[] = []
  const names = new Set(await store.list(STAMPS))
  for (const name of names) {
    const [, digits, kind] = /^(\d+)\.(tsr|checkpoint)$/.exec(name) ?? []
    if (digits === undefined) continue
    const size = Number(digits)
    if (kind === 'checkpoint') {
      const isNewest = [...names].every((other) => Number.parseInt(other, 10) <= size)
      if (!names.has(`${digits}.tsr`) && !(isLive && isNewest))
        problems.push({ kind: 'timestamp-missing', size })
      continue
    }
    const reason = await fault(store, size, notes, authorities)
    if (reason !== null) problems.push({ kind: 'timestamp-refused', size, reason })
  }
  if (authorities !== null && notes.length === 0 && problems.length === 0)
    problems.push({ kind: 'timestamp-missing', size: 0 })
  return { notes, problems }
}

async function fault(
  store: LogFolder,
  size: number,
  notes: Buffer[],
  authorities: readonly Certificate[] | null,
): Promise<string | null> {
  const token = await store.read(`${STAMPS}/${size}.tsr`)
  const note = await store.read(`${STAMPS}/${size}.checkpoint`)
  if (token === null || note === null) return 'the checkpoint that it dates is not there'
  if (peekCheckpoint(note)?.size !== size) return 'it dates another checkpoint than its name says'
  const stamp = await readTimestamp(token, note, authorities)
  if (stamp.kind === 'refused') return stamp.reason
  notes.push(note)
  const entries = await new TileReader(store, size).entries(Math.floor((size - 1) / TILE_WIDTH))
  const last = parseLeaf(entries?.[(size - 1) % TILE_WIDTH] ?? Buffer.alloc(0))
  if (last.kind === 'ok' && stamp.timeMs / 1000 < last.leaf.timeS - SLACK_S)
    return 'it is older than the newest leaf under its checkpoint'
  return null
}
