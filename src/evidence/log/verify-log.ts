/** Recomputes a whole log from its files and says, tile by tile and leaf by leaf, what is not as it was signed. */
import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import type { Leaf, LeafKind } from './leaf.ts'
import { LeafAudit, type LeafAuditState, type LeafProblem } from './leaf-audit.ts'
import { KeyChain, type KeyChainState, type KeyProblem } from './log-key-chain.ts'
import { Frontier, leafHash } from './merkle.ts'
import type { TreeHead } from './merkle-proof.ts'
import { keyIdText, type NoteKey } from './note-key.ts'
import { TileReader } from './tile-reader.ts'
import { hashesAtLevel, TILE_HEIGHT, TILE_WIDTH, tilesBetween, type TileStore } from './tiles.ts'

/** Problems kept in a report; all are counted. */
const PROBLEMS_KEPT = 1000

export type LogProblem =
  | LeafProblem
  | KeyProblem
  | { readonly kind: 'checkpoint-missing' }
  | { readonly kind: 'checkpoint-refused'; readonly reason: string }
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
  /** Told after each tile; `save` gives what a later run needs to go on behind it. */
  readonly onTile?: (save: () => LogState) => Promise<void>
  /** Goes on where this was saved. */
  readonly resume?: LogState | null
  /** Goes on with what the log grew by meanwhile: a gateway writes it. */
  readonly follow?: boolean
}

/** How far a verification came: everything below `size` was looked at. */
export interface LogState {
  readonly origin: string
  readonly size: number
  readonly byEntries: readonly Buffer[]
  readonly byTiles: readonly Buffer[]
  readonly unequal: readonly number[]
  readonly above: readonly [byEntries: readonly Buffer[], byTiles: readonly Buffer[]][]
  readonly pruned: number
  readonly problems: readonly LogProblem[]
  readonly problemCount: number
  readonly audit: LeafAuditState
  readonly chain: KeyChainState
}

/** A log that is written faster than it is read must not be followed for ever. */
const FOLLOWED_MAX = 5

export async function verifyLog(options: VerifyLogOptions): Promise<LogReport> {
  const chain = await KeyChain.read(options.store, options.keys)
  const run = new Verification(options, chain)
  for (const problem of chain.problems) run.report(problem)
  const bytes = await options.store.read('checkpoint')
  if (bytes === null) {
    run.report({ kind: 'checkpoint-missing' })
    return run.result(null)
  }
  const opened = openCheckpoint(bytes, chain.keys)
  if (opened.kind === 'refused') {
    run.report({ kind: 'checkpoint-refused', reason: opened.reason })
    return run.result(null)
  }
  let newest = { note: bytes, checkpoint: opened.checkpoint }
  run.begin(newest.checkpoint)
  await run.walk(newest.checkpoint)
  for (let rounds = 0; options.follow === true && rounds < FOLLOWED_MAX; rounds += 1) {
    const note = await options.store.read('checkpoint')
    const later = note === null ? null : openCheckpoint(note, chain.keys)
    if (note === null || later?.kind !== 'ok') break
    if (later.checkpoint.size <= newest.checkpoint.size) break
    newest = { note, checkpoint: later.checkpoint }
    await run.walk(newest.checkpoint)
  }
  await run.end(newest.checkpoint)
  const notes = [newest.note, ...(options.known ?? [])]
  for (const problem of chain.judge(notes, options.follow === true)) run.report(problem)
  return run.result(newest.checkpoint)
}

class Verification {
  readonly #options: VerifyLogOptions
  readonly #chain: KeyChain
  readonly #problems: LogProblem[] = []
  #problemCount = 0
  readonly #audit: LeafAudit
  #pruned = 0
  #known: ReadonlyMap<number, readonly TreeHead[]> = new Map()
  /** The tree as the entries have it, and as the tiles of level 0 have it. */
  readonly #byEntries: Frontier
  /** One and the same while they do not differ. */
  #byTiles: Frontier
  /** Leaves whose entry and hash differ. */
  readonly #unequal: number[]
  /** By tile level above 0: hashes that both trees give for the tile that is being filled. */
  readonly #above: [byEntries: Buffer[], byTiles: Buffer[]][]

  constructor(options: VerifyLogOptions, chain: KeyChain) {
    const { resume = null } = options
    this.#options = options
    this.#chain = chain
    this.#audit = new LeafAudit({
      logKeys: new Set(chain.all.map(keyIdText)),
      silenceMaxS: options.silenceMaxS ?? null,
      report: (problem) => this.report(problem),
      resume: resume?.audit ?? null,
    })
    this.#byEntries = treeOf(resume?.size, resume?.byEntries)
    this.#unequal = [...(resume?.unequal ?? [])]
    this.#byTiles =
      this.#unequal.length === 0 ? this.#byEntries : treeOf(resume?.size, resume?.byTiles)
    this.#above = (resume?.above ?? []).map(([entries, tiles]) => [[...entries], [...tiles]])
    if (resume === null) return
    this.#pruned = resume.pruned
    this.#problems.push(...resume.problems)
    this.#problemCount = resume.problemCount
    chain.restore(resume.chain)
  }

  save(origin: string): LogState {
    return {
      origin,
      size: this.#byTiles.size,
      byEntries: this.#byEntries.subtrees(),
      byTiles: this.#byTiles.subtrees(),
      unequal: this.#unequal,
      above: this.#above,
      pruned: this.#pruned,
      problems: this.#problems,
      problemCount: this.#problemCount,
      audit: this.#audit.save(),
      chain: this.#chain.save(),
    }
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
      counts: this.#audit.counts,
      unclosed: this.#audit.unclosed,
      prunedEntries: this.#pruned,
      lastLeafS: this.#audit.lastS,
    }
  }

  begin(checkpoint: Checkpoint): void {
    this.#known = this.#readKnown(checkpoint)
    this.#checkKnown(this.#known)
  }

  /** Leaves from where the last walk ended. */
  async walk({ size, origin }: Checkpoint): Promise<void> {
    if (this.#byTiles.size >= size) return
    const reader = new TileReader(this.#options.store, size)
    for (const { index, width } of tilesBetween(0, this.#byTiles.size, size)) {
      await this.#walkTile(reader, index, width, this.#known)
      this.#options.onProgress?.(this.#byTiles.size, size)
      await this.#options.onTile?.(() => this.save(origin))
    }
  }

  async end(checkpoint: Checkpoint): Promise<void> {
    await this.#walkAbove(new TileReader(this.#options.store, checkpoint.size), checkpoint.size)
    this.#judge(checkpoint)
  }

  #readKnown(checkpoint: Checkpoint): ReadonlyMap<number, TreeHead[]> {
    const keys = this.#chain.all
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
      else if (size < this.#byTiles.size)
        // Below what was verified before: that run held it against those that were known then.
        continue
      else known.set(size, [...(known.get(size) ?? []), { size, root }])
    }
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
    const from = this.#byTiles.size - start
    if (hashes === null && entries === null) {
      // Places are kept, so that everything behind the hole is still looked at under its own index.
      for (let at = from; at < width; at += 1) this.#grow(Buffer.alloc(32), Buffer.alloc(32))
      return
    }
    for (let at = from; at < width; at += 1) {
      const entry = entries?.[at]
      const hash = entry === undefined ? hashes?.[at] : leafHash(entry)
      const inTile = hashes?.[at] ?? hash
      if (hash === undefined || inTile === undefined) throw new RangeError('a tile without a hash')
      if (!hash.equals(inTile)) this.#unequal.push(start + at)
      if (entry !== undefined) {
        const leaf = this.#audit.check(entry, start + at)
        if (leaf !== null) this.#chain.leaf(leaf)
        const waiting = leaf === null ? null : (this.#options.onLeaf?.(leaf) ?? null)
        if (waiting !== null) await waiting
      }
      this.#grow(hash, inTile)
      this.#checkKnown(known)
    }
  }

  #grow(byEntry: Buffer, inTile: Buffer): void {
    const isOne = this.#byTiles === this.#byEntries && byEntry.equals(inTile)
    if (!isOne && this.#byTiles === this.#byEntries) this.#byTiles = this.#byEntries.clone()
    this.#byEntries.append(byEntry, isOne ? this.#keepBoth : this.#keepOfEntries)
    if (!isOne) this.#byTiles.append(inTile, this.#keepOfTiles)
  }

  readonly #keepOfEntries = (level: number, root: Buffer): void =>
    void this.#aboveAt(level)?.[0].push(root)
  readonly #keepOfTiles = (level: number, root: Buffer): void =>
    void this.#aboveAt(level)?.[1].push(root)
  readonly #keepBoth = (level: number, root: Buffer): void => {
    const pair = this.#aboveAt(level)
    pair?.[0].push(root)
    pair?.[1].push(root)
  }

  /** Null where a level is not one of tiles. */
  #aboveAt(level: number): [byEntries: Buffer[], byTiles: Buffer[]] | null {
    if (level === 0 || level % TILE_HEIGHT !== 0) return null
    return (this.#above[level / TILE_HEIGHT - 1] ??= [[], []])
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

function treeOf(size = 0, subtrees: readonly Buffer[] = []): Frontier {
  // What comes out of a file of saved states is plain bytes.
  return Frontier.of(
    size,
    subtrees.map((root) => Buffer.from(root)),
  )
}
