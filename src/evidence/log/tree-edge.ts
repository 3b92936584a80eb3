/** The right edge of a tiled tree in memory: which files a batch of entries adds to it. Never changed, only continued. */
import { type Frontier, leafHash } from './merkle.ts'
import type { TreeHead } from './merkle-proof.ts'
import {
  hashesAtLevel,
  packEntries,
  TILE_HEIGHT,
  TILE_WIDTH,
  tilesBetween,
  type Tile,
} from './tiles.ts'

export interface TileFile {
  readonly tile: Tile
  readonly bytes: Buffer
}

export interface Growth {
  readonly edge: TreeEdge
  /** Entry bundles before hash tiles: what is there of the tiles can then be made again from the entries. */
  readonly files: readonly TileFile[]
}

export class TreeEdge {
  readonly #frontier: Frontier
  /** Entries of the last, partial bundle. */
  readonly #entries: readonly Buffer[]
  /** By level: hashes of the last, partial tile. */
  readonly #levels: readonly (readonly Buffer[])[]

  constructor(
    frontier: Frontier,
    entries: readonly Buffer[],
    levels: readonly (readonly Buffer[])[],
  ) {
    this.#frontier = frontier
    this.#entries = entries
    this.#levels = levels
  }

  get size(): number {
    return this.#frontier.size
  }

  /** Entries of the last, partial bundle. */
  get entries(): readonly Buffer[] {
    return this.#entries
  }

  head(): TreeHead {
    return { size: this.size, root: this.#frontier.root() }
  }

  append(entries: readonly Buffer[]): Growth {
    const frontier = this.#frontier.clone()
    const levels = this.#levels.map((hashes) => [...hashes])
    for (const entry of entries) {
      frontier.append(leafHash(entry), (level, root) => {
        if (level % TILE_HEIGHT === 0) (levels[level / TILE_HEIGHT] ??= []).push(root)
      })
    }
    const bundles = [...this.#entries, ...entries]
    const files = this.#files('entries', frontier.size, bundles, packEntries)
    for (const [level, hashes] of levels.entries())
      files.push(...this.#files(level, frontier.size, hashes, (row) => Buffer.concat(row)))
    const edge = new TreeEdge(
      frontier,
      lastPart(bundles, frontier.size),
      levels.map((hashes, level) => lastPart(hashes, hashesAtLevel(level, frontier.size))),
    )
    return { edge, files }
  }

  /** `row` begins where the last partial tile of the old size begins. */
  #files(
    level: number | 'entries',
    size: number,
    row: readonly Buffer[],
    pack: (part: readonly Buffer[]) => Buffer,
  ): TileFile[] {
    const before = hashesAtLevel(level, this.size)
    const after = hashesAtLevel(level, size)
    if (after === before) return []
    const start = before - (before % TILE_WIDTH)
    return tilesBetween(level, before, after).map((tile) => {
      const at = tile.index * TILE_WIDTH - start
      return { tile, bytes: pack(row.slice(at, at + tile.width)) }
    })
  }
}

/** What of `row`, which ends with the last of `count`, stands in a partial tile. */
function lastPart(row: readonly Buffer[], count: number): readonly Buffer[] {
  const width = count % TILE_WIDTH
  return width === 0 ? [] : row.slice(-width)
}
