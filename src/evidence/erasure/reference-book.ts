/** Knows who refers to each stored block and where its copies lie: read from the segments, kept in the index, made again by reindex. */
import type { InstanceId } from '../../lib/ids.ts'
import type { FrameAddress } from '../../model/record.ts'
import { REF_LIST, type BlockRef, type ErasureIndex } from '../../store/erasure-index.ts'
import type { Disk } from '../disk.ts'
import { readOpening } from '../payloads.ts'
import { decodeRope } from '../rope.ts'
import { isInstanceId } from '../segment-format.ts'
import type { SegmentFiles } from '../segment-files.ts'
import { listInstances, scanInstance, type ScannedFrame } from '../segment-scan.ts'

/** A holder that says where a copy lies. Sorts before exchanges and lists. */
const COPY = 'at:'
const BATCH_REFS = 1_000

export const copyHolder = ({ instance, segment, offset }: FrameAddress): string =>
  `${COPY}${instance}/${segment}/${offset}`

export const isCopyHolder = (holder: string): boolean => holder.startsWith(COPY)

function readCopy(holder: string): FrameAddress | null {
  if (!isCopyHolder(holder)) return null
  const [instance = '', segment, offset] = holder.slice(COPY.length).split('/')
  if (!isInstanceId(instance)) throw new Error('the place of a copy is malformed')
  return { instance, segment: Number(segment), offset: Number(offset) }
}

export interface BookOptions {
  readonly disk: Disk
  readonly folder: string
  readonly files: SegmentFiles
  readonly index: ErasureIndex
  /** The running instance; null when none is. */
  readonly living: InstanceId | null
}

export interface BlockStanding {
  /** Exchanges and lists (`REF_LIST` and their id). */
  readonly holders: readonly string[]
  readonly copies: readonly FrameAddress[]
}

export class ReferenceBook {
  readonly #options: BookOptions
  /** Dead instances that were read to their end: nothing is added to them any more. */
  readonly #read = new Set<InstanceId>()

  constructor(options: BookOptions) {
    this.#options = options
  }

  /** Reads what was written since the last time. Everything durable when it is called is in the book when it resolves. */
  async catchUp(): Promise<void> {
    const { disk, folder, index, living } = this.#options
    const positions = new Map((await index.refPositions()).map((row) => [row.instance, row]))
    for (const instance of await listInstances(disk, folder)) {
      if (this.#read.has(instance)) continue
      await this.#readInstance(instance, positions.get(instance) ?? null)
      if (instance !== living) this.#read.add(instance)
    }
  }

  /** `enough`: more holders than these need not be known. */
  async standing(id: string, retentionClass: string, enough: number): Promise<BlockStanding> {
    const { index } = this.#options
    const copies: FrameAddress[] = []
    const holders: string[] = []
    // Copies sort first; there are few of them.
    const limit = enough + COPIES_EXPECTED
    const found = await index.holders(id, retentionClass, limit)
    if (found.length === limit) holders.push(MORE)
    for (const holder of found) {
      const copy = readCopy(holder)
      if (copy === null) holders.push(holder)
      else copies.push(copy)
    }
    return { holders, copies }
  }

  async #readInstance(
    instance: InstanceId,
    from: { readonly segment: number; readonly offset: number } | null,
  ): Promise<void> {
    const { disk, folder, index } = this.#options
    let refs: BlockRef[] = []
    for await (const found of scanInstance(disk, folder, instance, from)) {
      if (found.kind === 'damage') continue
      const { segment, offset } = found.address
      if (found.kind === 'end') {
        await index.addRefs(refs, { instance, segment, offset })
        return
      }
      if (refs.length >= BATCH_REFS) {
        await index.addRefs(refs, { instance, segment, offset })
        refs = []
      }
      refs.push(...(await this.#refsOf(found)))
    }
  }

  async #refsOf(frame: ScannedFrame): Promise<readonly BlockRef[]> {
    const { head, address, header, bytes } = frame
    if (head.erased) return []
    const retentionClass = header.epochKeys[head.classIndex]?.retentionClass ?? ''
    const isStored = head.type === 'block' || head.type === 'list'
    const own: readonly BlockRef[] = isStored
      ? [{ id: head.blockId, retentionClass, holder: copyHolder(address) }]
      : []
    const hasLayout = head.type === 'list' || head.type === 'opening' || head.type === 'refusal'
    if (!hasLayout) return own
    const { plain } = await this.#options.files.open(address, head, bytes, header)
    if (plain === null) return own
    const holder = head.type === 'list' ? `${REF_LIST}${head.blockId}` : head.record
    const layout = head.type === 'list' ? plain : layoutOf(plain)
    if (layout === null) return own
    const entries = decodeRope(layout).entries
    return [
      ...own,
      ...entries.map(({ id }) => ({ id: id.toString('hex'), retentionClass, holder })),
    ]
  }
}

/** Stands for holders that were not looked at: then the block is taken as referenced. */
const MORE = 'more'
/** Copies of one block in one folder are few: a block is stored again only after memory and index forgot it. */
const COPIES_EXPECTED = 256

function layoutOf(plain: Buffer): Buffer | null {
  const { head, rest } = readOpening(plain)
  return head.body.kind === 'whole' ? rest : null
}
