/** Recomputes a whole log from its files and says, tile by tile and leaf by leaf, what is not as it was signed. */
import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import type { Leaf, LeafKind } from './leaf.ts'
import { LeafAudit, type LeafProblem } from './leaf-audit.ts'
import { openRotation } from './log-keys.ts'
import { Frontier, leafHash } from './merkle.ts'
import type { TreeHead } from './merkle-proof.ts'
import { keyIdText, type NoteKey } from './note-key.ts'
import { TileReader } from './tile-reader.ts'
import { hashesAtLevel, TILE_HEIGHT, TILE_WIDTH, tilesBetween, type TileStore } from './tiles.ts'

/** Problems kept in a report; all are counted. */
const PROBLEMS_KEPT = 1000

export type LogProblem =
  | LeafProblem
  | { readonly kind: 'checkpoint-missing' }
  | { readonly kind: 'checkpoint-refused'; readonly reason: string }
  | { readonly kind: 'rotation-refused'; readonly number: number }
  /** `index` counts bundles of 256 entries. */
  | { readonly kind: 'bundle-missing'; readonly index: number }
  | { readonly kind: 'tile-missing'; readonly level: number; readonly index: number }
  /** The entry is not the one that was logged; its hash in the tile is. */
  | { readonly kind: 'entry-altered'; readonly index: number }
  /** The hash in the tile is not that of what was logged; `index` counts the hashes of the level. */
  | { readonly kind: 'hash-altered'; readonly level: number; readonly index: number }
  /** Neither entry nor hash fits the signed root, so nobody can say which was altered. */
  | { readonly kind: 'entry-or-hash-altered'; readonly index: number }
  | { readonly kind: 'root-differs' }
  | { readonly kind: 'known-refused'; readonly reason: string }
  /** The log says less than a checkpoint that it signed before. */
  | { readonly kind: 'truncated'; readonly knownSize: number }
  /** The log says something else than a checkpoint that it signed before. */
  | { readonly kind: 'forked'; readonly knownSize: number }

export interface LogReport {
  /** Null when there is none that can be trusted. */
  readonly checkpoint: Checkpoint | null
  /** True when nothing at all was found wrong. */
  readonly holds: boolean
  readonly problems: readonly LogProblem[]
  readonly problemCount: number
  readonly counts: ReadonlyMap<LeafKind, number>
  /** Indexes of `exchange.opened` leaves that nothing closed: still running, or left by a crash. */
  readonly unclosed: readonly number[]
  readonly prunedEntries: number
  readonly lastLeafS: number | null
}

export interface VerifyLogOptions {
  readonly store: Pick<TileStore, 'read'>
  /** Keys trusted for this log; keys that they handed over to by rotation are followed. */
  readonly keys: readonly NoteKey[]
  /** Older checkpoints, signed, that the verifier holds from elsewhere. */
  readonly known?: readonly Buffer[]
  readonly silenceMaxS?: number | null
  /** Entries below this may be gone. */
  readonly minimumIndex?: number
  readonly onProgress?: (leaves: number, of: number) => void
  /** Told each leaf, in order; waited for when it returns a promise. */
  readonly onLeaf?: (leaf: Leaf) => Promise<void> | null
}

export async function verifyLog(options: VerifyLogOptions): Promise<LogReport> {
  const run = new Verification(options)
  const { keys, problems } = await followRotations(options)
  for (const problem of problems) run.report(problem)
  const bytes = await options.store.read('checkpoint')
  if (bytes === null) {
    run.report({ kind: 'checkpoint-missing' })
    return run.result(null)
  }
  const opened = openCheckpoint(bytes, keys)
  if (opened.kind === 'refused') {
    run.report({ kind: 'checkpoint-refused', reason: opened.reason })
    return run.result(null)
  }
  await run.walk(opened.checkpoint, keys)
  return run.result(opened.checkpoint)
}

/** Keys reached from the trusted ones through `rotation.1`, `rotation.2`, … */
async function followRotations({ store, keys }: VerifyLogOptions): Promise<{
  readonly keys: readonly NoteKey[]
  readonly problems: readonly LogProblem[]
}> {
  const followed = [...keys]
  const problems: LogProblem[] = []
  for (let number = 1; ; number += 1) {
    const note = await store.read(`rotation.${number}`)
    if (note === null) return { keys: followed, problems }
    const next = followed.map((key) => openRotation(note, key)).find((key) => key !== null)
    if (next === undefined) problems.push({ kind: 'rotation-refused', number })
    else if (!followed.some((key) => key.publicBytes.equals(next.publicBytes))) followed.push(next)
  }
}

class Verification {
  readonly #options: VerifyLogOptions
  readonly #problems: LogProblem[] = []
  #problemCount = 0
  #audit: LeafAudit | null = null
  #pruned = 0
  /** The tree as the entries have it, and as the tiles of level 0 have it. */
  readonly #byEntries = new Frontier()
  readonly #byTiles = new Frontier()
  /** Leaves whose entry and hash differ. */
  readonly #unequal: number[] = []
  /** By tile level above 0: hashes that both trees give for the tile that is being filled. */
  readonly #above: [byEntries: Buffer[], byTiles: Buffer[]][] = []

  constructor(options: VerifyLogOptions) {
    this.#options = options
  }

  report(problem: LogProblem): void {
    this.#problemCount += 1
    if (this.#problems.length < PROBLEMS_KEPT) this.#problems.push(problem)
  }

  result(checkpoint: Checkpoint | null): LogReport {
    return {
      checkpoint,
      holds: this.#problemCount === 0,
      problems: this.#problems,
      problemCount: this.#problemCount,
      counts: this.#audit?.counts ?? new Map(),
      unclosed: this.#audit?.unclosed ?? [],
      prunedEntries: this.#pruned,
      lastLeafS: this.#audit?.lastS ?? null,
    }
  }

  async walk(checkpoint: Checkpoint, keys: readonly NoteKey[]): Promise<void> {
    const { size } = checkpoint
    this.#audit = new LeafAudit({
      logKeys: new Set(keys.map(keyIdText)),
      silenceMaxS: this.#options.silenceMaxS ?? null,
      report: (problem) => this.report(problem),
    })
    const known = this.#readKnown(checkpoint, keys)
    const reader = new TileReader(this.#options.store, size)
    for (const { index, width } of tilesBetween(0, 0, size)) {
      await this.#walkTile(reader, index, width, known)
      this.#options.onProgress?.(this.#byTiles.size, size)
    }
    await this.#walkAbove(reader, size)
    this.#judge(checkpoint)
  }

  #readKnown(checkpoint: Checkpoint, keys: readonly NoteKey[]): ReadonlyMap<number, TreeHead[]> {
    const known = new Map<number, TreeHead[]>()
    for (const bytes of this.#options.known ?? []) {
      const opened = openCheckpoint(bytes, keys)
      if (opened.kind === 'refused') {
        this.report({ kind: 'known-refused', reason: opened.reason })
        continue
      }
      const { origin, size, root } = opened.checkpoint
      if (origin !== checkpoint.origin)
        this.report({ kind: 'known-refused', reason: 'a checkpoint of another log' })
      else if (size > checkpoint.size) this.report({ kind: 'truncated', knownSize: size })
      else known.set(size, [...(known.get(size) ?? []), { size, root }])
    }
    this.#checkKnown(known)
    return known
  }

  #checkKnown(known: ReadonlyMap<number, readonly TreeHead[]>): void {
    for (const { size, root } of known.get(this.#byTiles.size) ?? []) {
      if (!root.equals(this.#byTiles.root()) && !root.equals(this.#byEntries.root()))
        this.report({ kind: 'forked', knownSize: size })
    }
  }

  async #walkTile(
    reader: TileReader,
    index: number,
    width: number,
    known: ReadonlyMap<number, readonly TreeHead[]>,
  ): Promise<void> {
    const start = index * TILE_WIDTH
    const [hashes, entries] = await Promise.all([reader.hashes(0, index), reader.entries(index)])
    if (hashes === null) this.report({ kind: 'tile-missing', level: 0, index })
    if (entries === null) {
      if (start + TILE_WIDTH <= (this.#options.minimumIndex ?? 0)) this.#pruned += width
      else this.report({ kind: 'bundle-missing', index })
    }
    if (hashes === null && entries === null) {
      // Places are kept, so that everything behind the hole is still looked at under its own index.
      for (let at = 0; at < width; at += 1) this.#grow(Buffer.alloc(32), Buffer.alloc(32))
      return
    }
    for (let at = 0; at < width; at += 1) {
      const entry = entries?.[at]
      const hash = entry === undefined ? hashes?.[at] : leafHash(entry)
      const inTile = hashes?.[at] ?? hash
      if (hash === undefined || inTile === undefined) throw new RangeError('a tile without a hash')
      if (!hash.equals(inTile)) this.#unequal.push(start + at)
      if (entry !== undefined) {
        const leaf = this.#audit?.check(entry, start + at) ?? null
        const waiting = leaf === null ? null : (this.#options.onLeaf?.(leaf) ?? null)
        if (waiting !== null) await waiting
      }
      this.#grow(hash, inTile)
      this.#checkKnown(known)
    }
  }

  #grow(byEntry: Buffer, inTile: Buffer): void {
    const keep = (side: 0 | 1) => (level: number, root: Buffer) => {
      if (level === 0 || level % TILE_HEIGHT !== 0) return
      const pair = (this.#above[level / TILE_HEIGHT - 1] ??= [[], []])
      pair[side].push(root)
    }
    this.#byEntries.append(byEntry, keep(0))
    this.#byTiles.append(inTile, keep(1))
  }

  /** 32 bytes for 256 leaves are kept, so these levels are looked at last. */
  async #walkAbove(reader: TileReader, size: number): Promise<void> {
    for (const [at, [byEntries, byTiles]] of this.#above.entries()) {
      const level = at + 1
      for (const { index, width } of tilesBetween(level, 0, hashesAtLevel(level, size))) {
        const hashes = await reader.hashes(level, index)
        if (hashes === null) {
          this.report({ kind: 'tile-missing', level, index })
          continue
        }
        for (let place = 0; place < width; place += 1) {
          const whole = index * TILE_WIDTH + place
          const hash = hashes[place]
          const fits = [byEntries[whole], byTiles[whole]].some(
            (computed) => hash !== undefined && computed?.equals(hash) === true,
          )
          if (!fits) this.report({ kind: 'hash-altered', level, index: whole })
        }
      }
    }
  }

  /** Where entry and hash differ, the signed root says which of them was altered. */
  #judge({ root }: Checkpoint): void {
    const entriesHold = this.#byEntries.root().equals(root)
    const tilesHold = this.#byTiles.root().equals(root)
    for (const index of this.#unequal) {
      if (entriesHold) this.report({ kind: 'hash-altered', level: 0, index })
      else if (tilesHold) this.report({ kind: 'entry-altered', index })
      else this.report({ kind: 'entry-or-hash-altered', index })
    }
    if (!entriesHold && !tilesHold) this.report({ kind: 'root-differs' })
  }
}
