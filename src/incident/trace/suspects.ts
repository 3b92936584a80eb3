/** Knows the records that ended an indexer before, sets those aside that did it again and again, and marks the one at work. */
import { isExchangeId } from '../../lib/ids.ts'
import type { RecordHalf } from '../../store/schema.ts'
import type { AsideRecord, AsideRecords, RecordAtWork } from '../../store/trace/aside-records.ts'
import type { TracePlace } from '../../store/trace/trace-store.ts'
import type { WorkMark } from './work-mark.ts'

/** A record that ended the indexer so often is not read again. */
export const TRIES_MAX = 3

export const isSetAside = ({ tries }: AsideRecord): boolean => tries >= TRIES_MAX

export class Suspects {
  readonly #store: AsideRecords
  readonly #mark: WorkMark
  #known: Map<string, AsideRecord> | null = null
  #atWork: AsideRecord | null = null
  /** Read to their end, and not yet committed. */
  #passed: AsideRecord[] = []

  constructor(store: AsideRecords, mark: WorkMark) {
    this.#store = store
    this.#mark = mark
  }

  async load(): Promise<void> {
    this.#known ??= new Map((await this.#store.list()).map((record) => [nameOf(record), record]))
  }

  /** Call before a record is read. False: it is set aside. */
  enters(
    record: string,
    half: RecordHalf | null,
    { instance, segment, offset }: TracePlace,
  ): boolean {
    this.leaves()
    if (half === null || !isExchangeId(record)) return true
    const suspect = this.#known?.get(nameOf({ exchange: record, half })) ?? null
    if (suspect !== null && isSetAside(suspect)) return false
    this.#atWork = suspect
    this.#mark.set({ exchange: record, half, instance, segment, offset })
    return true
  }

  /** No record is being read. */
  leaves(): void {
    this.#mark.clear()
    this.#mark.beat()
    if (this.#atWork !== null) this.#passed.push(this.#atWork)
    this.#atWork = null
  }

  /** Call after a commit: what was read is suspected no longer. */
  async forgive(): Promise<void> {
    const passed = this.#passed
    if (passed.length === 0) return
    this.#passed = []
    await this.#store.forgive(passed)
    for (const record of passed) this.#known?.delete(nameOf(record))
  }
}

function nameOf({ exchange, half }: Pick<RecordAtWork, 'exchange' | 'half'>): string {
  return `${exchange} ${half}`
}
