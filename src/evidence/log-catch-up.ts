/** Finds the durable frames that the transparency log does not speak of yet, and makes their leaves, in order, each once. */
import type { FrameAddress } from '../model/record.ts'
import type { Disk } from './disk.ts'
import { commitmentOf } from './drafts.ts'
import {
  EMPTY_DRAFT,
  isRecordId,
  parseLeaf,
  partsDigest,
  type Leaf,
  type LeafDraft,
  type LeafKind,
} from './log/leaf.ts'
import type { LogWriter } from './log/log-writer.ts'
import { TileReader } from './log/tile-reader.ts'
import { TILE_WIDTH } from './log/tiles.ts'
import { readClosing, readEvent, readOpening, readRefusal } from './payloads.ts'
import { isBefore, parsePlace, placeText } from './log/frame-place.ts'
import { frameDigest, headerDigest } from './segment-format.ts'
import type { SegmentFiles } from './segment-files.ts'
import { listInstances, scanInstance, type ScannedFrame } from './segment-scan.ts'

/** Leaves from the newest back; only those that hold these bytes, where they are given. */
export async function* leavesBackward(
  writer: LogWriter,
  holding: Buffer | null = null,
): AsyncGenerator<Leaf, void> {
  const { size } = writer.head
  const reader = new TileReader(writer.tiles, size)
  for (let index = Math.ceil(size / TILE_WIDTH) - 1; index >= 0; index -= 1) {
    const entries = await reader.entries(index)
    if (entries === null) throw new Error(`entry bundle ${index} of the log is not whole`)
    for (const entry of entries.toReversed()) {
      if (holding !== null && !entry.includes(holding)) continue
      const reading = parseLeaf(entry)
      if (reading.kind === 'ok') yield reading.leaf
    }
  }
}

/** The newest frame that a durable leaf speaks of. Leaves come in the order of their frames: all before it have theirs. */
export async function lastPlace(writer: LogWriter): Promise<FrameAddress | null> {
  for await (const { frame } of leavesBackward(writer)) if (frame !== null) return parsePlace(frame)
  return null
}

/** Index of the leaf that opened an exchange. */
export async function findOpening(writer: LogWriter, record: string): Promise<number | null> {
  for await (const leaf of leavesBackward(writer, Buffer.from(record)))
    if (leaf.kind === 'exchange.opened' && leaf.record === record) return leaf.sequence
  return null
}

export interface CatchUpOptions {
  readonly disk: Disk
  /** The data folder. */
  readonly folder: string
  readonly files: SegmentFiles
  /** This frame and all before it have their leaves. */
  readonly from: FrameAddress | null
  /** Stops before this place; null goes to the end of all that is there. */
  readonly to: FrameAddress | null
  readonly policyDigest: (policy: string) => string | null
}

/** What the log says of a segment's header. */
export function beginningOf(instance: string, segment: number, storedDigest: string): LeafDraft {
  const kind = 'segment.begun'
  return { ...EMPTY_DRAFT, kind, segment: `${instance}/${segment}`, storedDigest }
}

/** Closings come without their opening. Frames that are damaged or erased get no leaf: a verifier reports them. */
export async function* catchUp(options: CatchUpOptions): AsyncGenerator<LeafDraft, void> {
  const { disk, folder, from, to } = options
  for (const instance of await listInstances(disk, folder)) {
    if (from !== null && instance < from.instance) continue
    const start = from?.instance === instance ? from : null
    const maker = new LeafMaker(options)
    // The leaf of a header comes before those of its frames, so that of `start` is there.
    let segment = start?.segment ?? 0
    for await (const found of scanInstance(disk, folder, instance, start)) {
      if (found.kind !== 'frame') continue
      if (start !== null && !isBefore(start, found.address)) continue
      if (to !== null && !isBefore(found.address, to)) break
      if (found.address.segment > segment) {
        ;({ segment } = found.address)
        yield beginningOf(instance, segment, headerDigest(found.header))
      }
      yield* await maker.add(found)
    }
    yield* maker.end()
  }
}

class LeafMaker {
  readonly #options: CatchUpOptions
  /** Blocks that wait for the opening behind them. */
  #ahead: { readonly record: string; readonly digests: string[]; last: FrameAddress } | null = null

  constructor(options: CatchUpOptions) {
    this.#options = options
  }

  async add(frame: ScannedFrame): Promise<readonly LeafDraft[]> {
    const { head, address, bytes } = frame
    switch (head.type) {
      case 'block':
      case 'list': {
        const strays = this.#ahead?.record === head.record ? [] : this.end()
        this.#ahead ??= { record: head.record, digests: [], last: address }
        this.#ahead.digests.push(frameDigest(bytes))
        this.#ahead.last = address
        return strays
      }
      case 'request':
      case 'answer':
        return this.end()
      case 'opening':
      case 'refusal':
      case 'closing':
      case 'event': {
        const isOwner = head.type !== 'closing' && this.#ahead?.record === head.record
        const parts = isOwner ? (this.#ahead?.digests ?? []) : []
        if (isOwner) this.#ahead = null
        const draft = await this.#committed(frame, parts)
        return draft === null ? this.end() : [...this.end(), draft]
      }
    }
  }

  /** Blocks whose opening did not come. */
  end(): readonly LeafDraft[] {
    const ahead = this.#ahead
    this.#ahead = null
    if (ahead === null) return []
    const { record, digests, last } = ahead
    const frame = placeText(last)
    return [
      { ...EMPTY_DRAFT, kind: 'blocks.stored', record, frame, partsDigest: partsDigest(digests) },
    ]
  }

  async #committed(frame: ScannedFrame, parts: readonly string[]): Promise<LeafDraft | null> {
    const { head, address, bytes, header } = frame
    const { files } = this.#options
    // The scan's buffer is gone when the next frame is asked for, and it is not asked for before this is done.
    const storedDigest = frameDigest(bytes)
    // Without keys nothing can be said of any frame: that must not pass for one damaged frame.
    await files.keysOf(address, header)
    const opened = await files.open(address, head, bytes, header).catch(() => null)
    const plain = opened?.plain ?? null
    if (plain === null) return null
    const draft = (kind: LeafKind): LeafDraft => ({
      ...EMPTY_DRAFT,
      kind,
      record: head.record,
      frame: placeText(address),
      storedDigest,
      plaintextCommitment: commitmentOf(plain),
      partsDigest: partsDigest(parts),
    })
    switch (head.type) {
      case 'opening': {
        const { facts } = readOpening(plain).head
        const policyDigest = this.#options.policyDigest(facts.policy)
        return { ...draft('exchange.opened'), policyDigest }
      }
      case 'refusal': {
        const { facts } = readRefusal(plain).head
        const policyDigest = this.#options.policyDigest(facts.policy)
        return { ...draft('exchange.refused'), policyDigest }
      }
      case 'closing':
        return { ...draft('exchange.closed'), partsDigest: await this.#streamDigest(frame, plain) }
      case 'event':
      case 'block':
      case 'list':
      case 'request':
      case 'answer': {
        const { event } = readEvent(plain).head
        return { ...draft(event.type), records: (event.records ?? []).filter(isRecordId) }
      }
    }
  }

  async #streamDigest({ address }: ScannedFrame, plain: Buffer): Promise<string | null> {
    const { request, answer } = readClosing(plain).head
    const places = [...request.frames, ...answer.frames].toSorted(
      ([segment, offset], [other, later]) => segment - other || offset - later,
    )
    return partsDigest(await this.#options.files.digestsInOrder(address.instance, places))
  }
}
