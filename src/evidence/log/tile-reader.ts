/** Reads hashes, entries and proofs of one tree size back out of tiles; trusts nothing it reads until a root is checked. */
import { foldRight, Frontier, nodeHash } from './merkle.ts'
import {
  consistencySteps,
  inclusionSteps,
  readProof,
  rootNodes,
  type TreeNode,
} from './merkle-proof.ts'
import {
  hashesAtLevel,
  splitEntries,
  splitHashes,
  TILE_HEIGHT,
  TILE_WIDTH,
  tilePath,
  type Tile,
  type TileStore,
} from './tiles.ts'

/** Tiles kept in memory: the right edge of a tree and the way down to one leaf. */
const KEPT_TILES = 32

export class MissingTileError extends Error {
  override readonly name = 'MissingTileError'
}

export class TileReader {
  readonly #store: Pick<TileStore, 'read'>
  readonly #size: number
  readonly #tiles = new Map<string, Promise<readonly Buffer[]>>()

  constructor(store: Pick<TileStore, 'read'>, size: number) {
    this.#store = store
    this.#size = size
  }

  /** Root of a perfect subtree. Throws `MissingTileError` when its tile is gone or has the wrong length. */
  async node({ level, index }: TreeNode): Promise<Buffer> {
    const tileLevel = Math.floor(level / TILE_HEIGHT)
    const width = 2 ** (level % TILE_HEIGHT)
    const first = index * width
    const hashes = await this.#hashes(tileLevel, Math.floor(first / TILE_WIDTH))
    const at = first % TILE_WIDTH
    let row = hashes.slice(at, at + width)
    if (row.length < width) throw new MissingTileError(`no hash ${index} at level ${level}`)
    while (row.length > 1)
      row = Array.from({ length: row.length / 2 }, (_, pair) => joined(row, pair * 2))
    const [root] = row
    if (root === undefined) throw new MissingTileError(`no hash ${index} at level ${level}`)
    return root
  }

  async root(): Promise<Buffer> {
    if (this.#size === 0) return new Frontier().root()
    return foldRight(await Promise.all(rootNodes(this.#size).map((node) => this.node(node))))
  }

  /** The tree itself, ready to grow. */
  async frontier(): Promise<Frontier> {
    const subtrees = await Promise.all(rootNodes(this.#size).map((node) => this.node(node)))
    return Frontier.of(this.#size, subtrees)
  }

  async inclusionProof(index: number): Promise<readonly Buffer[]> {
    if (index < 0 || index >= this.#size) throw new RangeError(`no leaf ${index}`)
    return readProof(inclusionSteps(index, this.#size), (node) => this.node(node))
  }

  /** Empty for `oldSize` 0, as the witness protocol wants it. */
  async consistencyProof(oldSize: number): Promise<readonly Buffer[]> {
    if (oldSize < 0 || oldSize > this.#size) throw new RangeError(`no older tree of ${oldSize}`)
    if (oldSize === 0) return []
    return readProof(consistencySteps(oldSize, this.#size), (node) => this.node(node))
  }

  /** The entries of bundle `index`, or null when they are gone (pruned) or not whole. */
  async entries(index: number): Promise<readonly Buffer[] | null> {
    const tile = this.#tile('entries', index)
    return this.#read(tile, splitEntries)
  }

  /** The hashes of a tile, or null when they are gone or not whole. */
  async hashes(level: number, index: number): Promise<readonly Buffer[] | null> {
    return this.#read(this.#tile(level, index), splitHashes)
  }

  #tile(level: number | 'entries', index: number): Tile {
    const count = hashesAtLevel(level, this.#size) - index * TILE_WIDTH
    return { level, index, width: Math.min(TILE_WIDTH, Math.max(0, count)) }
  }

  /** A partial tile may be deleted once the full one exists, which then begins with the same hashes. */
  async #read(
    tile: Tile,
    split: (bytes: Buffer, width: number) => readonly Buffer[] | null,
  ): Promise<readonly Buffer[] | null> {
    if (tile.width === 0) return null
    const bytes = await this.#store.read(tilePath(tile))
    if (bytes !== null) return split(bytes, tile.width)
    if (tile.width === TILE_WIDTH) return null
    const full = await this.#store.read(tilePath({ ...tile, width: TILE_WIDTH }))
    return full === null ? null : (split(full, TILE_WIDTH)?.slice(0, tile.width) ?? null)
  }

  #hashes(level: number, index: number): Promise<readonly Buffer[]> {
    const name = `${level}/${index}`
    const kept = this.#tiles.get(name)
    if (kept !== undefined) return kept
    const reading = this.hashes(level, index).then((hashes) => {
      if (hashes === null)
        throw new MissingTileError(`tile ${tilePath(this.#tile(level, index))} is not there whole`)
      return hashes
    })
    this.#tiles.set(name, reading)
    reading.catch(() => this.#tiles.delete(name))
    for (const oldest of this.#tiles.keys()) {
      if (this.#tiles.size <= KEPT_TILES) break
      this.#tiles.delete(oldest)
    }
    return reading
  }
}

function joined(row: readonly Buffer[], at: number): Buffer {
  const [left, right] = row.slice(at, at + 2)
  if (left === undefined || right === undefined) throw new RangeError('an odd row of hashes')
  return nodeHash(left, right)
}
