/** Names, packs and unpacks the tiles and entry bundles of C2SP tlog-tiles. */
import { HASH_BYTES } from './merkle.ts'

/** Hashes of a full tile, entries of a full bundle. */
export const TILE_WIDTH = 256
/** Tree levels that one tile spans. */
export const TILE_HEIGHT = 8
/** uint16 lengths: leaves are commitments, never payloads. */
export const ENTRY_BYTES_MAX = 65_535
const TILE_LEVEL_MAX = 63

/** Where tiles are kept; paths are those of the C2SP layout, relative to the log. */
export interface TileStore {
  /** Null when there is no such file. */
  readonly read: (path: string) => Promise<Buffer | null>
  readonly write: (path: string, bytes: Buffer) => Promise<void>
}

/** `width` is 1 to 255 for a partial tile, 256 for a full one. */
export interface Tile {
  /** Level of hashes, or `entries` for a bundle. */
  readonly level: number | 'entries'
  readonly index: number
  readonly width: number
}

function indexPath(index: number): string {
  const groups: string[] = []
  for (let rest = index; groups.length === 0 || rest > 0; rest = Math.floor(rest / 1000))
    groups.unshift(String(rest % 1000).padStart(3, '0'))
  return groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/')
}

/** Folder of the partial tiles at this place. */
export function partialFolder({ level, index }: Omit<Tile, 'width'>): string {
  return `tile/${level}/${indexPath(index)}.p`
}

/** `tile/0/x001/x234/067`, `tile/entries/000.p/17`. */
export function tilePath(tile: Tile): string {
  return tile.width === TILE_WIDTH
    ? `tile/${tile.level}/${indexPath(tile.index)}`
    : `${partialFolder(tile)}/${tile.width}`
}

const PATH = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/

/** The tile that `path` names, or null when no tile has that name. */
export function parseTilePath(path: string): Tile | null {
  const match = PATH.exec(path)
  const [, levelText, indexText, widthText] = match ?? []
  if (levelText === undefined || indexText === undefined) return null
  const level: Tile['level'] = levelText === 'entries' ? 'entries' : Number(levelText)
  if (level !== 'entries' && level > TILE_LEVEL_MAX) return null
  const index = Number(indexText.replaceAll(/[x/]/g, ''))
  const tile = { level, index, width: widthText === undefined ? TILE_WIDTH : Number(widthText) }
  // One name per tile: padding with x000, and widths of 256 and more, are other names.
  return Number.isSafeInteger(index) && tilePath(tile) === path ? tile : null
}

/** Level-`level` tiles of a tree of `size` leaves hold this many hashes. */
export function hashesAtLevel(level: number | 'entries', size: number): number {
  return level === 'entries' ? size : Math.floor(size / TILE_WIDTH ** level)
}

/** Tiles of `level` that hold hashes `[from, to)`, in the widths they have when `to` hashes exist. */
export function tilesBetween(level: number | 'entries', from: number, to: number): readonly Tile[] {
  const tiles: Tile[] = []
  for (let index = Math.floor(from / TILE_WIDTH); index * TILE_WIDTH < to; index += 1)
    tiles.push({ level, index, width: Math.min(TILE_WIDTH, to - index * TILE_WIDTH) })
  return tiles
}

/** The hashes of a tile, or null when the bytes are not `width` hashes. */
export function splitHashes(bytes: Buffer, width: number): readonly Buffer[] | null {
  if (bytes.length !== width * HASH_BYTES) return null
  return Array.from({ length: width }, (_, at) =>
    bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
  )
}

export function packEntries(entries: readonly Buffer[]): Buffer {
  const bytes = Buffer.allocUnsafe(entries.reduce((sum, entry) => sum + 2 + entry.length, 0))
  let at = 0
  for (const entry of entries) {
    if (entry.length > ENTRY_BYTES_MAX)
      throw new RangeError(`a log entry has at most ${ENTRY_BYTES_MAX} bytes`)
    at = bytes.writeUInt16BE(entry.length, at)
    at += entry.copy(bytes, at)
  }
  return bytes
}

/** The entries of a bundle, or null when the bytes are not exactly `width` entries. */
export function splitEntries(bytes: Buffer, width: number): readonly Buffer[] | null {
  const entries: Buffer[] = []
  let at = 0
  while (at < bytes.length) {
    if (at + 2 > bytes.length || entries.length === width) return null
    const end = at + 2 + bytes.readUInt16BE(at)
    if (end > bytes.length) return null
    entries.push(bytes.subarray(at + 2, end))
    at = end
  }
  return entries.length === width ? entries : null
}
