/** Says, in memory that outlives a thread, which record the index thread is reading, and that it goes on: when it ends or stands still, others know where. */
import { isExchangeId } from '../../lib/ids.ts'
import { isInstanceId } from '../../evidence/segment-format.ts'
import type { RecordAtWork } from '../../store/trace/aside-records.ts'

const ROOM_BYTES = 256
/** A count behind the room. */
const BEATS_BYTES = 4

export class WorkMark {
  readonly memory: SharedArrayBuffer
  readonly #room: Buffer
  readonly #beats: Int32Array

  constructor(memory = new SharedArrayBuffer(ROOM_BYTES + BEATS_BYTES)) {
    this.memory = memory
    this.#room = Buffer.from(memory, 0, ROOM_BYTES)
    this.#beats = new Int32Array(memory, ROOM_BYTES, 1)
  }

  /** As before a thread begins. */
  reset(): void {
    this.clear()
    Atomics.store(this.#beats, 0, 0)
  }

  /** Another step is done. */
  beat(): void {
    Atomics.add(this.#beats, 0, 1)
  }

  /** Grows while the thread goes on; 0 before it began. */
  get beats(): number {
    return Atomics.load(this.#beats, 0)
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
