/** Appends leaves to a transparency log: accepted at once, durable under a signed checkpoint soon after, never forked. */
import { hash } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'
import { fail } from '../../model/errors.ts'
import type { Disk } from '../disk.ts'
import { sealCheckpoint } from './checkpoint.ts'
import { EMPTY_DRAFT, encodeLeaf, leafFault, type LeafDraft } from './leaf.ts'
import { allDone, LogFolder } from './log-folder.ts'
import { openRevocation, type LogKeys } from './log-keys.ts'
import {
  LogDamagedError,
  recoverLog,
  removeOrphans,
  removePartials,
  type RecoveredLog,
} from './log-recovery.ts'
import { Frontier } from './merkle.ts'
import type { TreeHead } from './merkle-proof.ts'
import { keyIdText } from './note-key.ts'
import { hashesAtLevel, TILE_WIDTH, tilePath, type Tile, type TileStore } from './tiles.ts'
import { TreeEdge } from './tree-edge.ts'
import { unfinishedRevocation } from './unfinished-revocation.ts'

export interface LogLimits {
  /** Leaves wait at most this long for their checkpoint. */
  readonly checkpointMs: number
  /** A checkpoint covers at most this many new leaves, and none beyond the end of a tile. */
  readonly checkpointLeavesMax: number
  /** Leaves kept in memory while the disk fails; more are refused. */
  readonly pendingLeavesMax: number
  /** How soon a failed disk is tried again. */
  readonly retryMs: number
}

const LOG_LIMITS: LogLimits = {
  checkpointMs: 1_000,
  checkpointLeavesMax: TILE_WIDTH,
  pendingLeavesMax: 65_536,
  retryMs: 1_000,
}

export interface LogWriterOptions {
  readonly disk: Disk
  /** The log's own folder. One process writes it: the caller holds the lock of the data folder. */
  readonly folder: string
  readonly keys: LogKeys
  readonly clock: Clock
  readonly limits?: Partial<LogLimits>
  /** Called for each durable checkpoint, oldest first. */
  readonly onCheckpoint?: (head: TreeHead, checkpoint: Buffer) => void
}

export interface LogHealth {
  readonly ready: boolean
  /** Operator-readable; empty when ready. */
  readonly reason: string
  readonly pendingLeaves: number
}

interface Waiter {
  readonly size: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export class LogWriter implements AsyncDisposable {
  readonly #options: LogWriterOptions
  readonly #limits: LogLimits
  readonly #folder: LogFolder
  #edge: TreeEdge
  #checkpoint: Buffer
  #pending: Buffer[] = []
  #waiters: Waiter[] = []
  #running: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null
  #failure = ''
  #closed = false

  private constructor(options: LogWriterOptions, folder: LogFolder, recovered: RecoveredLog) {
    this.#options = options
    this.#limits = { ...LOG_LIMITS, ...options.limits }
    this.#folder = folder
    this.#edge = recovered.edge
    this.#checkpoint = recovered.checkpoint
    this.#pending = [...recovered.beyond]
  }

  /** Begins or continues the log. Throws `LogDamagedError` when going on could sign a second history. */
  static async open(options: LogWriterOptions): Promise<LogWriter> {
    const { keys } = options
    const folder = new LogFolder(options.disk, options.folder)
    const found = await recoverLog(folder, keys.verifiers)
    if (found === null && keys.begun)
      throw new LogDamagedError('the log is gone, and its keys signed it: a new log needs new keys')
    const recovered = found ?? (await beginLog(folder, keys))
    await keys.markBegun()
    const writer = new LogWriter(options, folder, recovered)
    await removeOrphans(folder, recovered.edge.size + recovered.beyond.length)
    // Nothing runs by itself until all is in order, so that a failing disk fails the opening.
    writer.#running = Promise.resolve()
    while (writer.#pending.length > 0) await writer.#integrate()
    if (keys.pendingRotation !== null) {
      await writer.#announceKey()
      await writer.#integrate()
      await keys.finishRotation()
    }
    const note = await unfinishedRevocation(folder, writer.#edge.size, keys.signer.key)
    if (note !== null) {
      writer.#announce('log-key.revoked', note)
      await writer.#integrate()
    }
    writer.#running = null
    return writer
  }

  /** Size and root of the last durable checkpoint. */
  get head(): TreeHead {
    return this.#edge.head()
  }

  /** The last durable checkpoint, signed. */
  get checkpoint(): Buffer {
    return this.#checkpoint
  }

  /** Where proofs are read from. */
  get tiles(): Pick<TileStore, 'read'> {
    return this.#folder
  }

  /** Leaves taken so far, durable or not. */
  get size(): number {
    return this.#edge.size + this.#pending.length
  }

  /** False while so many leaves wait for a failing disk that no more are taken. */
  get hasRoom(): boolean {
    return !this.#closed && this.#pending.length < this.#limits.pendingLeavesMax
  }

  health(): LogHealth {
    const full = this.#pending.length >= this.#limits.pendingLeavesMax
    const reason = full && this.#failure === '' ? 'the log falls behind' : this.#failure
    return { ready: reason === '', reason, pendingLeaves: this.#pending.length }
  }

  /**
   * Takes a leaf and returns its index. Accepted, not yet durable: see `durable`. Throws `evidence.unavailable` when too
   * many leaves wait for a failing disk, and `TypeError` for a draft that its kind does not allow.
   */
  append(draft: LeafDraft): number {
    if (this.#closed || this.#pending.length >= this.#limits.pendingLeavesMax)
      throw fail('evidence.unavailable')
    const sequence = this.#edge.size + this.#pending.length
    const fault = leafFault(draft, sequence)
    if (fault !== null) throw new TypeError(fault)
    const { keys, clock } = this.#options
    const logKey = keyIdText(keys.signer.key)
    const timeS = Math.floor(clock.nowMs() / 1000)
    this.#pending.push(encodeLeaf({ ...draft, sequence, logKey, timeS }))
    if (this.#pending.length >= this.#limits.checkpointLeavesMax) this.#kick()
    else this.#schedule(this.#limits.checkpointMs)
    return sequence
  }

  /** Resolves when a durable checkpoint covers leaf `index`; does not wait for others to come. */
  async durable(index: number): Promise<void> {
    if (index < this.#edge.size) return
    if (index >= this.#edge.size + this.#pending.length) throw new RangeError(`no leaf ${index}`)
    if (this.#closed) throw fail('evidence.failed')
    const covered = new Promise<void>((resolve, reject) =>
      this.#waiters.push({ size: index + 1, resolve, reject }),
    )
    this.#timer?.ref()
    this.#kick()
    await covered
  }

  /** Resolves when every leaf taken so far is durable. */
  async flush(): Promise<void> {
    await this.durable(this.#edge.size + this.#pending.length - 1)
  }

  /**
   * Makes a new key, announced in `rotation.<n>` with the signatures of both and in a leaf under the old one; then the new
   * one signs. Can be done again after a crash at any point.
   */
  async rotateKey(): Promise<void> {
    await this.durable(await this.#announceKey())
    await this.#options.keys.finishRotation()
  }

  async #announceKey(): Promise<number> {
    const { keys } = this.#options
    const note = await keys.beginRotation()
    const path = `rotation.${keys.pendingRotation ?? 0}`
    await this.#folder.write(path, note)
    await this.#folder.sync([path])
    return this.#announce('log-key.rotated', note)
  }

  /**
   * Says in `revocation.<n>` and in a leaf that an older key is not to be believed any more: it may have been stolen. The key in
   * use cannot revoke itself: rotate first.
   */
  async revokeKey(id: string): Promise<'revoked' | 'unknown' | 'in-use' | 'revoked-before'> {
    const { keys } = this.#options
    const revoked = keys.verifiers.find((key) => keyIdText(key) === id)
    if (revoked === undefined) return 'unknown'
    if (revoked.publicBytes.equals(keys.signer.key.publicBytes)) return 'in-use'
    for (let number = 1; ; number += 1) {
      const path = `revocation.${number}`
      const there = await this.#folder.read(path)
      const before = there === null ? null : openRevocation(there, keys.verifiers)
      if (before?.key.publicBytes.equals(revoked.publicBytes) === true) {
        // A crash may have come between the note and its leaf; a second leaf says nothing else.
        await this.durable(this.#announce('log-key.revoked', there ?? Buffer.alloc(0)))
        return 'revoked-before'
      }
      if (there !== null) continue
      const note = keys.revocationOf(revoked, this.#edge.size)
      await this.#folder.write(path, note)
      await this.#folder.sync([path])
      await this.durable(this.#announce('log-key.revoked', note))
      return 'revoked'
    }
  }

  #announce(kind: 'log-key.rotated' | 'log-key.revoked', note: Buffer): number {
    return this.append({ ...EMPTY_DRAFT, kind, storedDigest: hash('sha256', note, 'hex') })
  }

  /** Makes a last attempt at what waits; `durable` of what stays behind rejects with `evidence.failed`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#running
    this.#failure = ''
    while (this.#pending.length > 0 && this.#failure === '') await this.#attempt()
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) waiter.reject(fail('evidence.failed'))
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== null || this.#running !== null || this.#closed) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#kick(true)
    }, delayMs)
    // Somebody who waits for durability keeps the process alive; a leaf that nobody waits for does not.
    if (this.#waiters.length === 0) this.#timer.unref()
  }

  /** Starts integrating unless it runs, or a failed disk is given its rest. */
  #kick(retry = false): void {
    if (this.#running !== null || this.#closed) return
    if (this.#failure !== '' && !retry) return this.#schedule(this.#limits.retryMs)
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#running = this.#attempt().finally(() => {
      this.#running = null
      this.#next()
    })
  }

  #next(): void {
    if (this.#pending.length === 0) return
    if (this.#failure !== '') this.#schedule(this.#limits.retryMs)
    else if (this.#waiters.length > 0 || this.#pending.length >= this.#limits.checkpointLeavesMax)
      this.#kick()
    else this.#schedule(this.#limits.checkpointMs)
  }

  async #attempt(): Promise<void> {
    try {
      await this.#integrate()
    } catch (error) {
      // The leaves stay in their order, so the next attempt signs the same history.
      this.#failure = `the log cannot be written: ${error instanceof Error ? error.message : 'unknown'}`
    }
  }

  /** Entries, then hash tiles, then their names, then the checkpoint: each durable before the next is begun. */
  async #integrate(): Promise<void> {
    const before = this.#edge
    // No batch goes beyond the end of a tile: under load full tiles are written and no partial ones.
    const room = TILE_WIDTH - (before.size % TILE_WIDTH)
    const batch = this.#pending.slice(0, Math.min(this.#limits.checkpointLeavesMax, room))
    if (batch.length === 0) return
    const { edge, files } = before.append(batch)
    await allDone(files.map(({ tile, bytes }) => this.#folder.write(tilePath(tile), bytes)))
    await this.#folder.sync(files.map(({ tile }) => tilePath(tile)))
    const head = edge.head()
    const checkpoint = sealCheckpoint(head, this.#options.keys.signer)
    await this.#folder.write('checkpoint', checkpoint)
    await this.#folder.sync(['checkpoint'])
    this.#edge = edge
    this.#checkpoint = checkpoint
    this.#pending = this.#pending.slice(batch.length)
    this.#failure = ''
    this.#options.onCheckpoint?.(head, checkpoint)
    const covered = this.#waiters.filter((waiter) => waiter.size <= head.size)
    this.#waiters = this.#waiters.filter((waiter) => waiter.size > head.size)
    for (const waiter of covered) waiter.resolve()
    const replaced = files.filter(
      ({ tile: { level, width } }) =>
        width === TILE_WIDTH && hashesAtLevel(level, before.size) % TILE_WIDTH > 0,
    )
    await this.#removePartials(replaced.map(({ tile }) => tile))
  }

  async #removePartials(tiles: readonly Tile[]): Promise<void> {
    try {
      for (const tile of tiles) await removePartials(this.#folder, tile)
    } catch {
      // A partial tile that stays beside its full one costs space and nothing else.
    }
  }
}

async function beginLog(folder: LogFolder, keys: LogKeys): Promise<RecoveredLog> {
  const edge = new TreeEdge(new Frontier(), [], [])
  const checkpoint = sealCheckpoint(edge.head(), keys.signer)
  await folder.write('checkpoint', checkpoint)
  await folder.sync(['checkpoint'])
  return { edge, checkpoint, beyond: [] }
}
