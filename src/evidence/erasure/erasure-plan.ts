/** Works out what has to go with some exchanges: their frames, and the blocks that nobody else refers to. */
import { exchangeIdFloor, isExchangeId, type ExchangeId } from '../../lib/ids.ts'
import type { BlockRow, ExchangeRow, FrameAddress } from '../../model/record.ts'
import { REF_LIST, type BlockRef } from '../../store/erasure-index.ts'
import type { ExchangeIndex } from '../../store/exchange-index.ts'
import { readClosing, readOpening } from '../payloads.ts'
import { decodeRope, type RopeEntry } from '../rope.ts'
import { frameDigest } from '../segment-format.ts'
import type { SegmentFiles } from '../segment-files.ts'
import { copyHolder, type ReferenceBook } from './reference-book.ts'

/** Where a frame lies and what stays of it; nothing in it tells what was erased. */
export interface DoomedFrame extends FrameAddress {
  readonly length: number
  readonly digest: string
}

export interface ErasurePlan {
  readonly version: 1
  readonly erasure: string
  readonly exchanges: readonly ExchangeId[]
  readonly frames: readonly DoomedFrame[]
  /** Rows of the block index that go. */
  readonly blocks: readonly BlockRow[]
  readonly refs: readonly BlockRef[]
  /** Blocks that others still refer to: they stay. */
  readonly shared: number
}

export interface PlanSources {
  readonly index: ExchangeIndex
  readonly files: SegmentFiles
  readonly book: ReferenceBook
  /** Blocks of an opening that was given up belong to no exchange; when older than this nobody waits for them. */
  readonly orphanBeforeMs: number
}

interface Part {
  readonly kind: RopeEntry['kind']
  readonly id: string
  readonly retentionClass: string
  /** Those of the holders that go. */
  readonly removed: Set<string>
  isDead: boolean
}

export async function planErasure(
  sources: PlanSources,
  erasure: string,
  rows: readonly ExchangeRow[],
): Promise<ErasurePlan> {
  return new Planner(sources, rows).plan(erasure)
}

class Planner {
  readonly #sources: PlanSources
  readonly #rows: readonly ExchangeRow[]
  readonly #parts = new Map<string, Part>()
  readonly #frames = new Map<string, DoomedFrame>()
  readonly #copies = new Map<string, readonly FrameAddress[]>()

  constructor(sources: PlanSources, rows: readonly ExchangeRow[]) {
    this.#sources = sources
    this.#rows = rows
  }

  async plan(erasure: string): Promise<ErasurePlan> {
    const waiting: Part[] = []
    for (const row of this.#rows) {
      for (const entry of await this.#exchange(row)) {
        waiting.push(this.#remove(entry, row.retentionClass, row.id))
      }
    }
    for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
      if (part.isDead || !(await this.#isUnreferenced(part))) continue
      part.isDead = true
      if (part.kind === 'block') continue
      for (const child of await this.#children(part)) {
        waiting.push(this.#remove(child, part.retentionClass, `${REF_LIST}${part.id}`))
      }
    }
    const parts = [...this.#parts.values()]
    const dead = parts.filter((part) => part.isDead)
    return {
      version: 1,
      erasure,
      exchanges: this.#rows.map((row) => row.id),
      frames: [...this.#frames.values()],
      blocks: await this.#blockRows(dead),
      refs: [...parts.flatMap(removedRefs), ...dead.flatMap((part) => this.#copyRefs(part))],
      shared: parts.length - dead.length,
    }
  }

  #remove(entry: RopeEntry, retentionClass: string, holder: string): Part {
    const id = entry.id.toString('hex')
    const key = `${retentionClass}\0${id}`
    const part = this.#parts.get(key) ?? {
      kind: entry.kind,
      id,
      retentionClass,
      removed: new Set<string>(),
      isDead: false,
    }
    this.#parts.set(key, part)
    part.removed.add(holder)
    return part
  }

  /** Notes the exchange's own frames; gives what its layout refers to. */
  async #exchange(row: ExchangeRow): Promise<readonly RopeEntry[]> {
    const { instance } = row
    const opening = { instance, segment: row.openSegment, offset: row.openOffset }
    const plain = await this.#own(opening, row.id)
    if (row.closeSegment !== null && row.closeOffset !== null) {
      const at = { instance, segment: row.closeSegment, offset: row.closeOffset }
      if (at.segment !== opening.segment || at.offset !== opening.offset) {
        const { head } = readClosing(await this.#own(at, row.id))
        for (const [segment, offset] of [...head.request.frames, ...head.answer.frames]) {
          await this.#own({ instance, segment, offset }, row.id)
        }
      }
    }
    const { head, rest } = readOpening(plain)
    return head.body.kind === 'whole' ? decodeRope(rest).entries : []
  }

  async #own(address: FrameAddress, record: string): Promise<Buffer> {
    const frame = await this.#sources.files.read(address)
    if (frame.head.record !== record || frame.plain === null)
      throw new Error(`frame ${address.segment}:${address.offset} is not one of ${record}`)
    await this.#doom(address)
    return frame.plain
  }

  async #doom(address: FrameAddress): Promise<void> {
    const bytes = await this.#sources.files.readSealed(address)
    const { instance, segment, offset } = address
    this.#frames.set(copyHolder(address), {
      instance,
      segment,
      offset,
      length: bytes.length,
      digest: frameDigest(bytes),
    })
  }

  async #isUnreferenced(part: Part): Promise<boolean> {
    const { id, retentionClass, removed } = part
    const standing = await this.#sources.book.standing(id, retentionClass, removed.size + 1)
    if (standing.holders.some((holder) => !removed.has(holder))) return false
    for (const copy of standing.copies) if (!(await this.#isErasable(copy, id))) return false
    for (const copy of standing.copies) await this.#doom(copy)
    this.#copies.set(`${retentionClass}\0${id}`, standing.copies)
    return true
  }

  /**
   * A copy belongs to the exchange that it was stored with, which refers to it. When that one lives, the block lives,
   * even if its opening is not in the book yet.
   */
  async #isErasable(copy: FrameAddress, id: string): Promise<boolean> {
    const { files, index, orphanBeforeMs } = this.#sources
    const { head } = await files.read(copy)
    if (head.blockId !== id)
      throw new Error(`frame ${copy.segment}:${copy.offset} is another block`)
    const owner = head.record
    if (!isExchangeId(owner)) throw new Error('a block belongs to no exchange')
    if (this.#rows.some((row) => row.id === owner)) return true
    if ((await index.erasure.tombstone(owner)) !== null) return true
    return owner < exchangeIdFloor(orphanBeforeMs) && (await index.exchange(owner)) === null
  }

  async #children(list: Part): Promise<readonly RopeEntry[]> {
    const copies = this.#copies.get(`${list.retentionClass}\0${list.id}`) ?? []
    for (const copy of copies) {
      const { plain } = await this.#sources.files.read(copy)
      if (plain !== null) return decodeRope(plain).entries
    }
    // Only a list that the book does not know: then what it holds is not this plan's to erase.
    return []
  }

  async #blockRows(dead: readonly Part[]): Promise<readonly BlockRow[]> {
    const rows: BlockRow[] = []
    for (const retentionClass of new Set(dead.map((part) => part.retentionClass))) {
      const ids = dead.filter((part) => part.retentionClass === retentionClass).map(({ id }) => id)
      const found = await this.#sources.index.findBlocks(ids, retentionClass, null)
      rows.push(...found.filter((row) => this.#frames.has(copyHolder(row))))
    }
    return rows
  }

  #copyRefs({ id, retentionClass }: Part): readonly BlockRef[] {
    const copies = this.#copies.get(`${retentionClass}\0${id}`) ?? []
    return copies.map((copy) => ({ id, retentionClass, holder: copyHolder(copy) }))
  }
}

function removedRefs({ id, retentionClass, removed }: Part): readonly BlockRef[] {
  return [...removed].map((holder) => ({ id, retentionClass, holder }))
}
