/** Says, in memory that outlives a thread, which record the index thread is reading: when it ends of it, others know which it was. */
import { isExchangeId } from '../../lib/ids.ts'
import { isInstanceId } from '../../evidence/segment-format.ts'
import type { RecordAtWork } from '../../store/trace/aside-records.ts'

const ROOM_BYTES = 256

export class WorkMark {
  readonly memory: SharedArrayBuffer
  readonly #room: Buffer

  constructor(memory = new SharedArrayBuffer(ROOM_BYTES)) {
    this.memory = memory
    this.#room = Buffer.from(memory)
  }

  set({ exchange, half, instance, segment, offset }: RecordAtWork): void {
    const text = `${exchange} ${half} ${instance} ${segment} ${offset}`
    this.#room[0] = this.#room.write(text, 1, 'latin1')
  }

  clear(): void {
    this.#room[0] = 0
  }

  /** Null between two records. */
  get(): RecordAtWork | null {
    const text = this.#room.toString('latin1', 1, 1 + (this.#room[0] ?? 0))
    const [exchange = '', half = '', instance = '', segment = '', offset = ''] = text.split(' ')
    if (!isExchangeId(exchange) || !isInstanceId(instance)) return null
    if (half !== 'opening' && half !== 'closing') return null
    return { exchange, half, instance, segment: Number(segment), offset: Number(offset) }
  }
}
