/** Reads single frames by address and opens them; keeps the keys of recently used segments. */
import type { InstanceId } from '../lib/ids.ts'
import type { FrameAddress } from '../model/record.ts'
import type { Disk, DiskFile } from './disk.ts'
import { EpochKeys } from './epoch-keys.ts'
import type { KeyProvider } from './key-provider.ts'
import {
  bodyCrcMatches,
  decodeFrameHead,
  FRAME_BODY_AT,
  frameDigest,
  type FrameHead,
  type SegmentHeader,
} from './segment-format.ts'
import { readSegmentKeys } from './keyring/segment-keys.ts'
import { readSegmentHeader, segmentPath } from './segment-scan.ts'

const KEPT_SEGMENTS = 64
/** Most frames are smaller than this, so that one read suffices. */
const FIRST_READ = 8192
/** So many of the frames that are wanted lie within a window: then reading all of it costs less than reading each. */
const DENSE_FRAMES = 8
const WINDOW_BYTES = 256 * 1024

/** Bytes of a segment that were read already. */
interface Window {
  readonly at: number
  readonly bytes: Buffer
}
const NOTHING: Buffer = Buffer.alloc(0)

/** A place within the segments of one instance. */
type Spot = readonly [segment: number, offset: number]

interface Found {
  readonly file: DiskFile
  readonly address: FrameAddress
  /** What was read there already, as far as it goes. */
  readonly near: Buffer | null
}

export interface OpenedFrame {
  readonly address: FrameAddress
  readonly head: FrameHead
  readonly retentionClass: string
  /** Null when the frame was erased. */
  readonly plain: Buffer | null
}

export class SegmentFiles {
  readonly #disk: Disk
  readonly #folder: string
  readonly #provider: KeyProvider
  readonly #keys = new Map<string, Promise<EpochKeys>>()

  constructor(disk: Disk, folder: string, provider: KeyProvider) {
    this.#disk = disk
    this.#folder = folder
    this.#provider = provider
  }

  /** Throws when the frame is not there, damaged, altered or of an unknown kind. */
  async read(address: FrameAddress): Promise<OpenedFrame> {
    return this.#withFile(address, async (file) => {
      const keys = await this.#keysIn(file, address)
      const { head, bytes } = await frameAt(file, address.offset)
      return openWith(keys, address, head, bytes)
    })
  }

  /** Frames of one instance at places in ascending order. Null for one that `read` would throw for. */
  async *readInOrder(
    instance: InstanceId,
    places: readonly Spot[],
  ): AsyncGenerator<OpenedFrame | null, void> {
    for await (const spot of this.#inOrder(instance, places)) yield await this.#openAt(spot)
  }

  /** `frameDigest` of each frame at places in ascending order; opens nothing. */
  async digestsInOrder(instance: InstanceId, places: readonly Spot[]): Promise<readonly string[]> {
    const digests: string[] = []
    for await (const { file, address, near } of this.#inOrder(instance, places))
      digests.push(frameDigest((await frameAt(file, address.offset, near)).bytes))
    return digests
  }

  /** Each file is opened once, and frames that lie close together are read at once. */
  async *#inOrder(instance: InstanceId, places: readonly Spot[]): AsyncGenerator<Found, void> {
    let file: DiskFile | null = null
    let opened = 0
    let window: Window = { at: 0, bytes: NOTHING }
    try {
      for (const [index, [segment, offset]] of places.entries()) {
        if (segment !== opened || file === null) {
          await file?.close()
          file = null
          file = await this.#disk.openRead(segmentPath(this.#folder, instance, segment))
          opened = segment
          window = { at: 0, bytes: NOTHING }
        }
        const isIn =
          offset >= window.at && offset + FRAME_BODY_AT <= window.at + window.bytes.length
        const ahead = places[index + DENSE_FRAMES]
        const isDense = ahead?.[0] === segment && ahead[1] - offset < WINDOW_BYTES
        if (!isIn && isDense) window = { at: offset, bytes: await file.read(offset, WINDOW_BYTES) }
        const from = offset - window.at
        const near = from >= 0 && from < window.bytes.length ? window.bytes.subarray(from) : null
        yield { file, address: { instance, segment, offset }, near }
      }
    } finally {
      await file?.close()
    }
  }

  async #openAt({ file, address, near }: Found): Promise<OpenedFrame | null> {
    try {
      const keys = await this.#keysIn(file, address)
      const { head, bytes } = await frameAt(file, address.offset, near)
      return openWith(keys, address, head, bytes)
    } catch {
      return null
    }
  }

  /** The whole frame as it lies on the disk, unopened. */
  async readSealed(address: FrameAddress): Promise<Buffer> {
    return this.#withFile(address, async (file) => (await frameAt(file, address.offset)).bytes)
  }

  /** Resolves when the keys of the segment could be had. */
  async keysOf(address: FrameAddress, header: SegmentHeader): Promise<void> {
    await this.#keep(address, () => Promise.resolve(header))
  }

  async #withFile<T>(address: FrameAddress, work: (file: DiskFile) => Promise<T>): Promise<T> {
    const file = await this.#disk.openRead(
      segmentPath(this.#folder, address.instance, address.segment),
    )
    try {
      return await work(file)
    } finally {
      await file.close()
    }
  }

  /** Opens a frame whose bytes were read by a scan. */
  async open(
    address: FrameAddress,
    head: FrameHead,
    bytes: Buffer,
    header: SegmentHeader,
  ): Promise<OpenedFrame> {
    return openWith(await this.#keep(address, () => Promise.resolve(header)), address, head, bytes)
  }

  async #keysIn(file: DiskFile, address: FrameAddress): Promise<EpochKeys> {
    return this.#keep(address, async () => {
      const reading = await readSegmentHeader(file)
      if (reading.kind === 'end') throw new Error('the segment has no header')
      if (reading.kind !== 'ok') throw new Error(reading.reason)
      return reading.value.header
    })
  }

  /** The header keeps its keys for ever; once their root key is gone, the file beside it opens. */
  async #unwrap(header: SegmentHeader): Promise<EpochKeys> {
    const provider = this.#provider
    const isOpen = (await provider.find(header.provider)) !== null
    const later = isOpen ? null : await readSegmentKeys(this.#disk, this.#folder, header)
    return EpochKeys.unwrap(header, later?.keys ?? header, provider)
  }

  #keep(
    address: { readonly instance: InstanceId; readonly segment: number },
    header: () => Promise<SegmentHeader>,
  ): Promise<EpochKeys> {
    const name = `${address.instance}/${address.segment}`
    const kept = this.#keys.get(name)
    if (kept !== undefined) return kept
    const keys = header().then((found) => this.#unwrap(found))
    this.#keys.set(name, keys)
    keys.catch(() => this.#keys.delete(name))
    for (const oldest of this.#keys.keys()) {
      if (this.#keys.size <= KEPT_SEGMENTS) break
      this.#keys.delete(oldest)
    }
    return keys
  }
}

/** `near`: what was read there before, as far as it goes. */
async function frameAt(
  file: DiskFile,
  offset: number,
  near: Buffer | null = null,
): Promise<{ readonly head: FrameHead; readonly bytes: Buffer }> {
  const isNear = near !== null && near.length >= FRAME_BODY_AT
  let bytes = isNear ? near : await file.read(offset, FIRST_READ)
  const reading = decodeFrameHead(bytes.subarray(0, FRAME_BODY_AT))
  if (reading.kind !== 'ok') {
    throw new Error(reading.kind === 'end' ? 'there is no frame at this address' : reading.reason)
  }
  const head = reading.value
  if (bytes.length < head.length) bytes = await file.read(offset, head.length)
  if (bytes.length < head.length) throw new Error('the frame is cut short')
  return { head, bytes: bytes.subarray(0, head.length) }
}

function openWith(
  keys: EpochKeys,
  address: FrameAddress,
  head: FrameHead,
  bytes: Buffer,
): OpenedFrame {
  const retentionClass = keys.className(head.classIndex) ?? ''
  if (head.erased) return { address, head, retentionClass, plain: null }
  if (!bodyCrcMatches(bytes)) throw new Error('the frame checksum does not match')
  return { address, head, retentionClass, plain: keys.open(bytes, head) }
}
