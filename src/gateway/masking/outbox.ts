/** Events on their way to the caller, in their order: one that waits holds up those behind it. */
import type { Splice } from '../../model/record.ts'
import { changedPart } from './stream-events.ts'
import type { WireBytes } from './stream-wire.ts'

export interface Outgoing {
  /** As received. */
  readonly raw: WireBytes
  /** Where it stands in the bytes of the stream. */
  readonly at: number
  /** Values masked in it. */
  readonly masks: number
  /** Null while it has to wait; `isLast` when nothing more comes that could be waited for. */
  readonly parts: readonly WireBytes[] | ((isLast: boolean) => readonly WireBytes[] | null)
}

/** Who waits longer than for so many events waits for nothing that will come. */
const WAITING_MAX = 1024

export class Outbox {
  readonly splices: Splice[] = []
  #waiting: Outgoing[] = []

  add(outgoing: Outgoing): void {
    this.#waiting.push(outgoing)
  }

  /** What may go out now. */
  take(isOver: boolean): Buffer {
    const out: WireBytes[] = []
    let next = 0
    for (const one of this.#waiting) {
      const isLast = isOver || this.#waiting.length - next > WAITING_MAX
      const parts = typeof one.parts === 'function' ? one.parts(isLast) : one.parts
      if (parts === null) break
      next += 1
      this.#note(one, parts)
      out.push(...parts)
    }
    this.#waiting = next === this.#waiting.length ? [] : this.#waiting.slice(next)
    return joined(out)
  }

  #note({ raw, at, masks }: Outgoing, parts: readonly WireBytes[]): void {
    if (parts.length === 1 && parts[0] === raw) return
    const splice = replacement(raw, joined(parts), at)
    if (splice !== null) this.splices.push({ ...splice, masks })
  }
}

function joined(parts: readonly WireBytes[]): Buffer {
  if (parts.every((part) => typeof part === 'string')) return Buffer.from(parts.join(''))
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
}

/** What became of an event, as a replacement in the bytes of the stream; null when nothing did. */
function replacement(raw: WireBytes, out: Buffer, at: number): Splice | null {
  if (typeof raw === 'string') {
    const shown = out.toString('utf8')
    if (shown === raw) return null
    const { start, end, text } = changedPart(raw, shown)
    const from = at + Buffer.byteLength(raw.slice(0, start))
    return { start: from, end: at + Buffer.byteLength(raw.slice(0, end)), with: text }
  }
  // A message has its length in front and its checksum behind: all of it is another one.
  if (out.equals(raw)) return null
  return { start: at, end: at + raw.length, with: out.toString('base64'), encoding: 'base64' }
}
