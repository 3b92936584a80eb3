/** Writes one segment file: prepared ahead with zeros, then one durable write per group of frames. */
import { hash } from 'node:crypto'
import { dirname, join } from 'node:path'
import type { InstanceId } from '../lib/ids.ts'
import { inTurns, joining } from '../lib/turns.ts'
import type { Disk, DiskFile } from './disk.ts'
import { EpochKeys, type FrameContent, type WrappedEpochKeys } from './epoch-keys.ts'
import type { KeyProvider } from './key-provider.ts'
import { encodeHeader, frameDigest, markGroupStart } from './segment-format.ts'
import { DeadlineError, withDeadline } from '../lib/with-deadline.ts'

const segmentName = (segment: number): string => `${String(segment).padStart(10, '0')}.seg`

export interface SegmentOptions {
  readonly disk: Disk
  /** The instance's folder. */
  readonly folder: string
  readonly instance: InstanceId
  readonly segment: number
  /** True while the instance has no segment yet: then the folders above are made durable too. */
  readonly isFirst: boolean
  readonly retentionClasses: readonly string[]
  readonly provider: KeyProvider
  readonly extentBytes: number
  readonly deadlineMs: number
}

/** A file that came too late is taken away again; recovery takes what this leaves behind. */
function removeWhenMade(disk: Disk, path: string, making: Promise<DiskFile>): void {
  making
    .then((file) => file.close())
    .then(() => disk.remove(path))
    .catch(() => {})
}

/** Of a group of frames that is gathered without a buffer of its own. */
const ROOM_BYTES = 128 * 1024

export interface Placement {
  readonly offset: number
  readonly length: number
  readonly digest: string
}

export class SegmentWriter {
  readonly segment: number
  readonly #options: SegmentOptions
  readonly #file: DiskFile
  readonly #keys: EpochKeys
  readonly #wrapped: WrappedEpochKeys
  /** Zeros reach to here; while `#extending`, nothing may be written past it. */
  #allocated: number
  #extending: Promise<void> | null = null
  #header: Buffer | null = null
  #inFlight: Promise<void> | null = null
  #pending: Buffer[] = []
  #room: Buffer | null = null
  #nextOrdinal = 0
  #end = 0
  #durableEnd = 0
  #activatedAtMs = 0

  private constructor(
    options: SegmentOptions,
    file: DiskFile,
    keys: EpochKeys,
    wrapped: WrappedEpochKeys,
  ) {
    this.segment = options.segment
    this.#options = options
    this.#file = file
    this.#keys = keys
    this.#wrapped = wrapped
    this.#allocated = options.extentBytes
  }

  /** Makes the file and its keys. Nothing in it counts before the first commit writes the header. */
  static async prepare(options: SegmentOptions): Promise<SegmentWriter> {
    const { disk, folder, deadlineMs } = options
    const { keys, wrapped } = await withDeadline(
      EpochKeys.make(options, options.retentionClasses, options.provider),
      deadlineMs,
      'wrapping the epoch keys',
    )
    const path = join(folder, segmentName(options.segment))
    const make = async (): Promise<DiskFile> => {
      await disk.makeFolder(folder)
      const file = await disk.create(path)
      try {
        await file.write(Buffer.alloc(options.extentBytes), 0)
        await file.fdatasync()
        await disk.syncFolder(folder)
        if (options.isFirst) {
          await disk.syncFolder(dirname(folder))
          await disk.syncFolder(dirname(dirname(folder)))
        }
      } catch (error) {
        await file.close().catch(() => {})
        await disk.remove(path).catch(() => {})
        throw error
      }
      return file
    }
    const making = make()
    try {
      const file = await withDeadline(making, deadlineMs, 'preparing a segment')
      return new SegmentWriter(options, file, keys, wrapped)
    } catch (error) {
      if (error instanceof DeadlineError) removeWhenMade(disk, path, making)
      throw error
    }
  }

  activate(
    createdAtMs: number,
    previous: { readonly segment: number; readonly end: number },
  ): void {
    this.#activatedAtMs = createdAtMs
    this.#header = encodeHeader({
      instance: this.#options.instance,
      segment: this.segment,
      createdAtMs,
      previousSegment: previous.segment,
      previousEnd: previous.end,
      ...this.#wrapped,
    })
    this.#end = this.#header.length
  }

  has(retentionClass: string): boolean {
    return this.#keys.has(retentionClass)
  }

  /** The root key that wrapped its keys. */
  get rootKey(): string {
    return this.#wrapped.provider
  }

  /** `headerDigest` of the header it was activated with. */
  get headerDigest(): string {
    return hash('sha256', this.#header ?? Buffer.alloc(0), 'hex')
  }

  get activatedAtMs(): number {
    return this.#activatedAtMs
  }

  /** Bytes assigned so far, durable or not. */
  get end(): number {
    return this.#end
  }

  get durableEnd(): number {
    return this.#durableEnd
  }

  get hasPending(): boolean {
    return this.#pending.length > 0 || (this.#header !== null && this.#durableEnd === 0)
  }

  /** Seals the content into the next frame. It is written by the next commit. */
  place(content: FrameContent, retentionClass: string): Placement {
    const frame = this.#keys.seal(content, retentionClass, this.#nextOrdinal)
    const offset = this.#end
    this.#nextOrdinal += 1
    this.#end += frame.length
    this.#pending.push(frame)
    return { offset, length: frame.length, digest: frameDigest(frame) }
  }

  /** Joins parts in a room that is used again: one commit runs at a time, and after one that failed there is no other. */
  #gather(parts: readonly Buffer[]): Buffer | Promise<Buffer> {
    let length = 0
    for (const part of parts) length += part.length
    if (length > ROOM_BYTES) return inTurns(joining(parts))
    this.#room ??= Buffer.allocUnsafeSlow(ROOM_BYTES)
    let at = 0
    for (const part of parts) at += part.copy(this.#room, at)
    return this.#room.subarray(0, length)
  }

  /** Makes everything placed so far durable. After a failure the file must not be written again. */
  async commit(): Promise<void> {
    const frames = this.#pending
    this.#pending = []
    const first = frames[0]
    if (first !== undefined) markGroupStart(first)
    const header = this.#durableEnd === 0 && this.#header !== null ? [this.#header] : []
    const gathered = this.#gather([...header, ...frames])
    const group = gathered instanceof Promise ? await gathered : gathered
    const from = this.#durableEnd
    const to = from + group.length
    const work = async (): Promise<void> => {
      if (to > this.#allocated && this.#extending !== null) await this.#extending
      await this.#file.writeDurably(group, from)
    }
    const running = work()
    this.#inFlight = running
    await withDeadline(running, this.#options.deadlineMs, 'writing evidence')
    this.#durableEnd = to
    this.#allocated = Math.max(this.#allocated, to)
    this.#extendWhenNear()
  }

  /**
   * No fdatasync here: an error reported to it would be missing from the next commit's, which would then believe in
   * pages that the kernel has dropped.
   */
  #extendWhenNear(): void {
    const { extentBytes } = this.#options
    if (this.#extending !== null || this.#allocated - this.#end > extentBytes / 2) return
    const from = Math.max(this.#allocated, this.#end)
    this.#allocated = from
    this.#extending = this.#extend(from, extentBytes)
  }

  async #extend(from: number, bytes: number): Promise<void> {
    try {
      await this.#file.write(Buffer.alloc(bytes), from)
      this.#allocated = from + bytes
    } catch {
      // The commit that needs the space finds the same failure and reports it.
    } finally {
      this.#extending = null
    }
  }

  /** Cuts the file to what is durable and closes it. */
  async seal(): Promise<void> {
    await this.#extending
    try {
      await this.#file.truncate(this.#durableEnd)
      await this.#file.fdatasync()
    } finally {
      await this.#file.close()
    }
  }

  /**
   * Lets go of a file that failed; its bytes stay as they are. A call that still hangs keeps the file open: its
   * descriptor must not come to name another file while the call is under way.
   */
  async abandon(): Promise<void> {
    await Promise.allSettled([this.#inFlight, this.#extending])
    await this.#file.close()
  }

  /** Takes a prepared file that was never written away again. */
  async discard(): Promise<void> {
    await this.#file.close()
    await this.#options.disk.remove(join(this.#options.folder, segmentName(this.segment)))
  }
}
