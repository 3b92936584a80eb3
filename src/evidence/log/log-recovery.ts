/** Reads a log back after a stop or crash: the last checkpoint, and the entries that were durable beyond it. */
import { openCheckpoint } from './checkpoint.ts'
import { parseLeaf } from './leaf.ts'
import type { LogFolder } from './log-folder.ts'
import type { NoteKey } from './note-key.ts'
import { MissingTileError, TileReader } from './tile-reader.ts'
import {
  hashesAtLevel,
  partialFolder,
  splitEntries,
  TILE_WIDTH,
  tilePath,
  type Tile,
} from './tiles.ts'
import { TreeEdge } from './tree-edge.ts'

/** The log cannot be continued: going on could sign a second history. */
export class LogDamagedError extends Error {
  override readonly name = 'LogDamagedError'
}

export interface RecoveredLog {
  readonly edge: TreeEdge
  /** The signed checkpoint of `edge`. */
  readonly checkpoint: Buffer
  /** Whole entries found beyond the checkpoint, in order. */
  readonly beyond: readonly Buffer[]
}

/** Null when there is no checkpoint and no tile: a log that has not begun. */
export async function recoverLog(
  folder: LogFolder,
  keys: readonly NoteKey[],
): Promise<RecoveredLog | null> {
  const bytes = await folder.read('checkpoint')
  if (bytes === null) {
    if ((await folder.list('tile')).length > 0)
      throw new LogDamagedError('the log has tiles and no checkpoint')
    return null
  }
  const opened = openCheckpoint(bytes, keys)
  if (opened.kind === 'refused')
    throw new LogDamagedError(`the checkpoint of the log: ${opened.reason}`)
  const { size, root } = opened.checkpoint
  const edge = await readEdge(folder, size)
  if (!edge.head().root.equals(root))
    throw new LogDamagedError('the tiles of the log are not those of its checkpoint')
  return { edge, checkpoint: bytes, beyond: await entriesBeyond(folder, edge) }
}

async function readEdge(folder: LogFolder, size: number): Promise<TreeEdge> {
  const reader = new TileReader(folder, size)
  try {
    const levels: (readonly Buffer[])[] = []
    for (let level = 0; hashesAtLevel(level, size) > 0; level += 1)
      levels.push(await lastHashes(reader, level, hashesAtLevel(level, size)))
    const last = Math.floor(size / TILE_WIDTH)
    const entries = size % TILE_WIDTH === 0 ? [] : await reader.entries(last)
    if (entries === null) throw new LogDamagedError(`entry bundle ${last} of the log is not whole`)
    return new TreeEdge(await reader.frontier(), entries, levels)
  } catch (error) {
    if (error instanceof MissingTileError)
      throw new LogDamagedError(error.message, { cause: error })
    throw error
  }
}

async function lastHashes(
  reader: TileReader,
  level: number,
  count: number,
): Promise<readonly Buffer[]> {
  if (count % TILE_WIDTH === 0) return []
  const hashes = await reader.hashes(level, Math.floor(count / TILE_WIDTH))
  if (hashes === null) throw new LogDamagedError(`a tile of level ${level} of the log is not whole`)
  return hashes
}

/**
 * Entries become durable before the checkpoint over them is written, so a checkpoint that somebody may have seen before a
 * power cut is made again, with the same bytes, by going forward over them.
 */
async function entriesBeyond(folder: LogFolder, edge: TreeEdge): Promise<readonly Buffer[]> {
  const beyond: Buffer[] = []
  let known = edge.entries
  for (let index = Math.floor(edge.size / TILE_WIDTH); ; index += 1) {
    const entries = await widestBundle(folder, index, known)
    for (const entry of entries.slice(known.length)) {
      const reading = parseLeaf(entry)
      const expected = edge.size + beyond.length
      if (reading.kind === 'refused' || reading.leaf.sequence !== expected) return beyond
      beyond.push(entry)
    }
    if (entries.length < TILE_WIDTH) return beyond
    known = []
  }
}

/** The longest bundle at `index` that begins with `known`. */
async function widestBundle(
  folder: LogFolder,
  index: number,
  known: readonly Buffer[],
): Promise<readonly Buffer[]> {
  const widths = [TILE_WIDTH, ...(await partialWidths(folder, { level: 'entries', index }))]
  for (const width of widths.toSorted((a, b) => b - a)) {
    if (width <= known.length) break
    const bytes = await folder.read(tilePath({ level: 'entries', index, width }))
    const entries = bytes === null ? null : splitEntries(bytes, width)
    if (entries !== null && known.every((entry, at) => entries[at]?.equals(entry) === true))
      return entries
  }
  return known
}

async function partialWidths(
  folder: LogFolder,
  place: Omit<Tile, 'width'>,
): Promise<readonly number[]> {
  const names = await folder.list(partialFolder(place))
  return names.filter((name) => /^[1-9]\d{0,2}$/.test(name)).map(Number)
}

/**
 * Files of batches that never got a checkpoint and could not be gone forward over. They must not be found by a later
 * recovery, which would take them for the entries of another batch at the same place.
 */
export async function removeOrphans(folder: LogFolder, size: number): Promise<void> {
  const removed: string[] = []
  const levels: Tile['level'][] = ['entries']
  // A batch can begin one level above the highest that has a hash, and fill the first tile of level 0.
  for (let level = 0; level < 2 || hashesAtLevel(level - 1, size) > 0; level += 1)
    levels.push(level)
  for (const level of levels) {
    const count = hashesAtLevel(level, size)
    const current = Math.floor(count / TILE_WIDTH)
    // A batch ends with its tile at the latest; the tile behind it is looked at for older writers' sake.
    for (const index of [current, current + 1]) {
      const kept = index === current ? count % TILE_WIDTH : 0
      for (const width of [TILE_WIDTH, ...(await partialWidths(folder, { level, index }))]) {
        const path = tilePath({ level, index, width })
        if (width <= kept || (await folder.read(path)) === null) continue
        await folder.remove(path)
        removed.push(path)
      }
    }
  }
  await folder.sync(removed)
}

/** Removes the partial tiles that the full tile at this place stands in for. */
export async function removePartials(folder: LogFolder, place: Omit<Tile, 'width'>): Promise<void> {
  for (const width of await partialWidths(folder, place))
    await folder.remove(tilePath({ ...place, width }))
}
