/** Checks the time stamps that lie beside a log: each dates the checkpoint beside it, and not before its last leaf. */
import { peekCheckpoint } from '../log/checkpoint.ts'
import type { LogFolder } from '../log/log-folder.ts'
import { parseLeaf } from '../log/leaf.ts'
import { TileReader } from '../log/tile-reader.ts'
import { TILE_WIDTH } from '../log/tiles.ts'
import { STAMPS } from '../publish/publisher.ts'
import { readTimestamp } from '../publish/timestamp.ts'

/** Clocks of the gateway and of the authority may differ by so much. */
const SLACK_S = 300

export interface StampReport {
  /** Checkpoints that were dated: the log must continue them. */
  readonly notes: readonly Buffer[]
  readonly problems: readonly {
    readonly kind: 'timestamp-refused'
    readonly size: number
    readonly reason: string
  }[]
}

export async function checkStamps(store: LogFolder): Promise<StampReport> {
  const notes: Buffer[] = []
  const problems: StampReport['problems'][number][] = []
  const names = await store.list(STAMPS)
  for (const name of names.filter((one) => /^\d+\.tsr$/.test(one))) {
    const size = Number(name.slice(0, -4))
    const reason = await fault(store, size, notes)
    if (reason !== null) problems.push({ kind: 'timestamp-refused', size, reason })
  }
  return { notes, problems }
}

async function fault(store: LogFolder, size: number, notes: Buffer[]): Promise<string | null> {
  const token = await store.read(`${STAMPS}/${size}.tsr`)
  const note = await store.read(`${STAMPS}/${size}.checkpoint`)
  if (token === null || note === null) return 'the checkpoint that it dates is not there'
  if (peekCheckpoint(note)?.size !== size) return 'it dates another checkpoint than its name says'
  const stamp = await readTimestamp(token, note)
  if (stamp.kind === 'refused') return stamp.reason
  notes.push(note)
  const entries = await new TileReader(store, size).entries(Math.floor((size - 1) / TILE_WIDTH))
  const last = parseLeaf(entries?.[(size - 1) % TILE_WIDTH] ?? Buffer.alloc(0))
  if (last.kind === 'ok' && stamp.timeMs / 1000 < last.leaf.timeS - SLACK_S)
    return 'it is older than the newest leaf under its checkpoint'
  return null
}
