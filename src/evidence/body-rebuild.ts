/** Puts a request body together again from its layout, the lists and the blocks. */
import type { BlockRole } from '../model/dialect.ts'
import type { BlockRow } from '../model/record.ts'
import type { ExchangeIndex } from '../store/exchange-index.ts'
import type { Disk } from './disk.ts'
import { decodeRope, type Rope, type RopeEntry } from './rope.ts'
import type { SegmentFiles } from './segment-files.ts'
import { findInTail } from './tail-search.ts'

export interface RebuiltBlock {
  /** Half-open range in the body. */
  readonly start: number
  readonly end: number
  readonly role: BlockRole
  /** 64 hex digits. */
  readonly id: string
}

export interface RebuiltBody {
  /** Null when a part is missing. */
  readonly bytes: Buffer | null
  readonly blocks: readonly RebuiltBlock[]
  readonly problems: readonly string[]
}

export interface RebuildSources {
  readonly folder: string
  readonly index: ExchangeIndex
  readonly disk: Disk
  readonly files: SegmentFiles
  readonly retentionClass: string
}

type Rows = ReadonlyMap<string, BlockRow>

async function locate(sources: RebuildSources, ids: readonly string[]): Promise<Rows> {
  const { index, retentionClass } = sources
  const wanted = [...new Set(ids)]
  const found = await index.findBlocks(wanted, retentionClass, null)
  const rows = new Map(found.map((row) => [row.id, row]))
  if (wanted.some((id) => !rows.has(id))) {
    await findInTail(sources, (batch) => {
      for (const row of batch.blocks) {
        if (row.retentionClass === retentionClass && !rows.has(row.id)) rows.set(row.id, row)
      }
      return wanted.every((id) => rows.has(id))
    })
  }
  return rows
}

class Rebuild {
  readonly #sources: RebuildSources
  readonly #parts: Buffer[] = []
  readonly blocks: RebuiltBlock[] = []
  readonly problems: string[] = []
  #at = 0

  constructor(sources: RebuildSources) {
    this.#sources = sources
  }

  bytes(): Buffer | null {
    return this.problems.length === 0 ? Buffer.concat(this.#parts) : null
  }

  async rope({ entries, end }: Rope): Promise<void> {
    const rows = await locate(
      this.#sources,
      entries.map((entry) => entry.id.toString('hex')),
    )
    for (const entry of entries) {
      this.#push(entry.gap)
      const id = entry.id.toString('hex')
      const plain = await this.#plain(entry, rows.get(id))
      if (plain === null) this.#at += entry.bytes
      else if (entry.kind === 'list') await this.rope(decodeRope(plain))
      else {
        this.blocks.push({ start: this.#at, end: this.#at + plain.length, role: entry.role, id })
        this.#push(plain)
      }
    }
    this.#push(end)
  }

  #push(bytes: Buffer): void {
    this.#parts.push(bytes)
    this.#at += bytes.length
  }

  async #plain(entry: RopeEntry, row: BlockRow | undefined): Promise<Buffer | null> {
    const name = `${entry.kind} ${entry.id.toString('hex').slice(0, 12)}`
    if (row === undefined) {
      this.problems.push(`${name} is missing`)
      return null
    }
    try {
      const frame = await this.#sources.files.read(row)
      if (frame.plain === null) this.problems.push(`${name} was erased`)
      else if (frame.head.blockId !== row.id || frame.head.type !== entry.kind) {
        this.problems.push(`another frame lies where ${name} should be`)
        return null
      }
      return frame.plain
    } catch (error) {
      this.problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
      return null
    }
  }
}

export async function rebuildBody(sources: RebuildSources, layout: Buffer): Promise<RebuiltBody> {
  const rebuild = new Rebuild(sources)
  await rebuild.rope(decodeRope(layout))
  return { bytes: rebuild.bytes(), blocks: rebuild.blocks, problems: rebuild.problems }
}
