/** Writes a leaf into the transparency log for each record that became durable, in the order of their frames. */
import { hash } from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '../lib/clock.ts'
import type { InstanceId } from '../lib/ids.ts'
import type { EvidenceEvent, FrameAddress } from '../model/record.ts'
import type { Disk } from './disk.ts'
import type { KeyProvider } from './key-provider.ts'
import { EMPTY_DRAFT, isRecordId, partsDigest, type Leaf, type LeafDraft } from './log/leaf.ts'
import { readLogOrigin, LogKeys } from './log/log-keys.ts'
import { LogWriter, type LogLimits } from './log/log-writer.ts'
import { placeText } from './log/frame-place.ts'
import { beginningOf, catchUp, findOpening, lastPlace, leavesBackward } from './log-catch-up.ts'
import type { SegmentFiles } from './segment-files.ts'

/** A frame that is durable, as the log speaks of it. */
export interface LoggedFrame {
  readonly address: FrameAddress | null
  readonly digest: string
  readonly commitment: string
}

export interface EvidenceLogOptions {
  readonly disk: Disk
  /** The data folder. */
  readonly folder: string
  readonly provider: KeyProvider
  readonly clock: Clock
  readonly files: SegmentFiles
  readonly limits?: Partial<LogLimits>
  /** A leaf is written at least this often: a verifier sees from the silence when the gateway did not run. */
  readonly heartbeatMs?: number
}

/** Promised in `docs/design/transparency-log.md`. */
export const HEARTBEAT_MS = 60_000

export const logFolder = (folder: string): string => join(folder, 'log')

const DIGEST = /^[0-9a-f]{64}$/

export class EvidenceLog implements AsyncDisposable {
  readonly writer: LogWriter
  readonly keys: LogKeys
  readonly #options: EvidenceLogOptions
  readonly #heart: NodeJS.Timeout
  /** Leaf of the opening, by exchange. */
  readonly #openings = new Map<string, number>()
  #instance: InstanceId | null = null
  /** Everything before it is durable in segments. */
  #durable = { segment: 0, offset: 0 }
  #isBehind = false
  #catchingUp: Promise<void> | null = null
  #beatMs: number
  #policy = { text: '', digest: '' }

  private constructor(options: EvidenceLogOptions, writer: LogWriter, keys: LogKeys) {
    this.#options = options
    this.writer = writer
    this.keys = keys
    this.#beatMs = options.clock.monotonicMs()
    const everyMs = options.heartbeatMs ?? HEARTBEAT_MS
    this.#heart = setInterval(() => this.#beat(everyMs), everyMs / 4)
    this.#heart.unref()
  }

  /** Begins or continues the log and adds what durable frames lack: those of runs that ended before they had their leaves. */
  static async open(options: EvidenceLogOptions): Promise<EvidenceLog> {
    const { disk, folder, provider, clock, limits } = options
    const keysFolder = join(folder, 'keys')
    const origin = await readLogOrigin(disk, keysFolder)
    const keys = await LogKeys.open({ disk, folder: keysFolder, provider, origin })
    const writer = await LogWriter.open({
      disk,
      folder: logFolder(folder),
      keys,
      clock,
      ...(limits === undefined ? {} : { limits }),
    })
    const log = new EvidenceLog(options, writer, keys)
    try {
      await log.#catchUp(null)
      await writer.flush()
    } catch (error) {
      await log[Symbol.asyncDispose]()
      throw error
    }
    return log
  }

  /** From here on, frames are those of this instance. */
  begin(instance: InstanceId): void {
    this.#instance = instance
  }

  /** Empty while leaves become durable soon after their frames. */
  get failure(): string {
    return this.writer.health().reason
  }

  /** True while leaves are missing; they are added from the segments as soon as the log can be written. */
  get isBehind(): boolean {
    return this.#isBehind
  }

  begun(
    kind: 'exchange.opened' | 'exchange.refused',
    record: string,
    policy: string,
    frame: LoggedFrame,
    parts: readonly LoggedFrame[],
  ): void {
    const index = this.#append({
      ...framed(kind, record, frame),
      partsDigest: partsDigest(parts.map((part) => part.digest)),
      policyDigest: this.#policyDigest(policy),
    })
    if (index !== null && kind === 'exchange.opened') this.#openings.set(record, index)
  }

  closed(record: string, frame: LoggedFrame, parts: readonly LoggedFrame[]): void {
    if (this.#isBehind) return
    const opening = this.#openings.get(record)
    if (opening === undefined) throw new Error('an exchange is closed that was not opened')
    const digest = partsDigest(parts.map((part) => part.digest))
    const draft = { ...framed('exchange.closed', record, frame), partsDigest: digest, opening }
    if (this.#append(draft) !== null) this.#openings.delete(record)
  }

  /** Blocks whose opening did not come to be. */
  blocks(record: string, parts: readonly LoggedFrame[]): void {
    const address = parts.at(-1)?.address ?? null
    if (address === null) return
    this.#append({
      ...EMPTY_DRAFT,
      kind: 'blocks.stored',
      record,
      frame: placeText(address),
      partsDigest: partsDigest(parts.map((part) => part.digest)),
    })
  }

  /** Its header: the keys, and which frames before it count. Comes before the leaves of its frames. */
  segment(instance: InstanceId, segment: number, storedDigest: string): void {
    this.#append(beginningOf(instance, segment, storedDigest))
  }

  /** The file beside a segment with its keys, wrapped anew. */
  rewrapped(segment: string, storedDigest: string): void {
    this.#append({ ...EMPTY_DRAFT, kind: 'segment.rewrapped', segment, storedDigest })
  }

  /** Durable leaves, the newest first. */
  leaves(): AsyncGenerator<Leaf, void> {
    return leavesBackward(this.writer)
  }

  event(id: string, event: EvidenceEvent, frame: LoggedFrame): void {
    const records = (event.records ?? []).filter(isRecordId)
    this.#append({ ...framed(event.type, id, frame), records })
  }

  /** Called when everything before this place is durable. */
  advance(segment: number, offset: number): void {
    this.#durable = { segment, offset }
    this.tick()
  }

  /** Adds what is missing, once the log can be written again. Call about every second. */
  tick(): void {
    if (this.#isBehind) this.#startCatchUp()
  }

  /** Resolves when every leaf so far stands under a durable checkpoint. */
  async flush(): Promise<void> {
    await this.#catchingUp
    if (this.writer.size > 0) await this.writer.flush()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#heart)
    this.tick()
    await this.#catchingUp
    await this.writer[Symbol.asyncDispose]()
  }

  #append(draft: LeafDraft): number | null {
    if (this.#isBehind) return null
    if (!this.writer.hasRoom) {
      this.#isBehind = true
      return null
    }
    this.#beatMs = this.#options.clock.monotonicMs()
    return this.writer.append(draft)
  }

  /** Says that the instance lives; by itself it does so once a minute while nothing else is said. */
  heartbeat(): void {
    this.#append({ ...EMPTY_DRAFT, kind: 'heartbeat' })
  }

  #beat(everyMs: number): void {
    if (this.#options.clock.monotonicMs() - this.#beatMs >= everyMs * 0.75) this.heartbeat()
  }

  #policyDigest(policy: string): string | null {
    if (policy === '') return null
    if (this.#policy.text !== policy) {
      const digest = DIGEST.test(policy) ? policy : hash('sha256', policy, 'hex')
      this.#policy = { text: policy, digest }
    }
    return this.#policy.digest
  }

  #startCatchUp(): void {
    if (this.#catchingUp !== null || !this.writer.health().ready || this.#instance === null) return
    const instance = this.#instance
    this.#catchingUp = this.#untilCaughtUp(instance)
      // What fails here is tried again at the next commit or heartbeat; `isBehind` says so until then.
      .catch(() => {})
      .finally(() => {
        this.#catchingUp = null
      })
  }

  async #untilCaughtUp(instance: InstanceId): Promise<void> {
    while (this.#isBehind) {
      const to = this.#durable
      await this.writer.flush()
      await this.#catchUp({ instance, ...to })
      await this.writer.flush()
      // Compared without an await between: frames that become durable from here on get their leaves at once.
      if (to.segment === this.#durable.segment && to.offset === this.#durable.offset)
        this.#isBehind = false
    }
  }

  async #catchUp(to: FrameAddress | null): Promise<void> {
    const { disk, folder, files } = this.#options
    const from = await lastPlace(this.writer)
    const found = catchUp({
      disk,
      folder,
      files,
      from,
      to,
      policyDigest: (policy) => this.#policyDigest(policy),
    })
    for await (const draft of found) {
      let ready = draft
      if (draft.kind === 'exchange.closed' && draft.record !== null) {
        const opening =
          this.#openings.get(draft.record) ?? (await findOpening(this.writer, draft.record))
        // The opening was damaged before it had its leaf.
        if (opening === null) continue
        ready = { ...draft, opening }
        this.#openings.delete(draft.record)
      }
      if (!this.writer.hasRoom) await this.writer.flush()
      const index = this.writer.append(ready)
      if (draft.kind === 'exchange.opened' && draft.record !== null)
        this.#openings.set(draft.record, index)
    }
  }
}

function framed(kind: LeafDraft['kind'], record: string, frame: LoggedFrame): LeafDraft {
  if (frame.address === null) throw new Error('a frame that is durable has no place')
  return {
    ...EMPTY_DRAFT,
    kind,
    record,
    frame: placeText(frame.address),
    storedDigest: frame.digest,
    plaintextCommitment: frame.commitment,
  }
}
