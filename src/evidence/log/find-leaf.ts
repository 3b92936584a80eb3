/** Finds the leaf of a frame by bisection: leaves that name a frame stand in the order of the frames. */
import type { FrameAddress } from '../../model/record.ts'
import { isBefore, parsePlace, placeText } from './frame-place.ts'
import { parseLeaf, type Leaf } from './leaf.ts'
import { TileReader } from './tile-reader.ts'
import { TILE_WIDTH, type TileStore } from './tiles.ts'

export interface FoundLeaf {
  readonly index: number
  /** The bytes that the log holds. */
  readonly entry: Buffer
  readonly leaf: Leaf
}

const placeOf = (leaf: Leaf): FrameAddress | null =>
  leaf.frame === null ? null : parsePlace(leaf.frame)

export class LeafFinder {
  readonly #reader: TileReader
  readonly #size: number
  readonly #bundles = new Map<number, readonly FoundLeaf[]>()

  constructor(store: Pick<TileStore, 'read'>, size: number) {
    this.#reader = new TileReader(store, size)
    this.#size = size
  }

  /** Null when no leaf below this size speaks of the frame. */
  async of(address: FrameAddress): Promise<FoundLeaf | null> {
    const wanted = placeText(address)
    let low = 0
    let high = Math.ceil(this.#size / TILE_WIDTH) - 1
    // The last bundle whose first framed leaf is not behind the frame.
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const first = await this.#firstPlace(middle, high)
      if (first !== null && !isBefore(address, first)) low = middle
      else high = middle - 1
    }
    for (const found of await this.#bundle(low)) {
      const place = placeOf(found.leaf)
      if (place !== null && placeText(place) === wanted) return found
    }
    return null
  }

  /** The first frame named in this bundle or, when it names none, in one after it. */
  async #firstPlace(bundle: number, last: number): Promise<FrameAddress | null> {
    for (let at = bundle; at <= last; at += 1) {
      for (const { leaf } of await this.#bundle(at)) {
        const place = placeOf(leaf)
        if (place !== null) return place
      }
    }
    return null
  }

  async #bundle(number: number): Promise<readonly FoundLeaf[]> {
    const known = this.#bundles.get(number)
    if (known !== undefined) return known
    const entries = this.#size === 0 ? [] : ((await this.#reader.entries(number)) ?? [])
    const leaves = entries.flatMap((entry, at): readonly FoundLeaf[] => {
      const reading = parseLeaf(entry)
      return reading.kind === 'ok'
        ? [{ index: number * TILE_WIDTH + at, entry, leaf: reading.leaf }]
        : []
    })
    this.#bundles.set(number, leaves)
    for (const oldest of this.#bundles.keys()) {
      if (this.#bundles.size <= KEPT_BUNDLES) break
      this.#bundles.delete(oldest)
    }
    return leaves
  }
}

const KEPT_BUNDLES = 64
