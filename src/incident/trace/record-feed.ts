/** Gathers what becomes durable, before it is forgotten, for the trace index: decrypting it again would cost ten times as much. */
import type { BlockDraft } from '../../evidence/body-store.ts'
import type { BodyPart } from '../../evidence/body-parts.ts'
import type { RecordTap, TappedAnswer } from '../../evidence/record-tap.ts'
import type { InstanceId } from '../../lib/ids.ts'
import type { EvidenceEvent, FrameAddress, HeaderList, OpeningFacts } from '../../model/record.ts'
import { BLOCK_DIGITS } from './documents.ts'
import type { FedBatch, FedEntry, FedPlace } from './fed-batch.ts'

/** A batch is given away when it is so large. */
const BATCH_BYTES = 1024 * 1024
/** What was gathered or given away and not taken yet. Beyond it nothing is gathered: it is read from the record. */
const HELD_BYTES_MAX = 8 * BATCH_BYTES
/** The same for answers that are not whole yet. */
const KEPT_BYTES_MAX = 8 * BATCH_BYTES
const READ_HEADERS = new Set(['content-type', 'content-encoding'])
const BEGINNING: FedPlace = { segment: 0, offset: 0 }

/** Bounded, and never in the way: where it does not keep up it says so, and the indexer reads the record itself. */
export class RecordFeed implements RecordTap {
  #instance: InstanceId | null = null
  #onNews: (isMuch: boolean) => void = () => {}
  #from = BEGINNING
  #to = BEGINNING
  #room = Buffer.allocUnsafeSlow(64 * 1024)
  #used = 0
  #entries: string[] = []
  #entryBytes = 0
  /** Something since `#from` was not gathered. */
  #isMissing = false
  /** There is a stretch that no batch will speak of. */
  #hasGap = false
  #given = 0
  #kept = 0
  readonly #heldBytesMax: number

  /** Tests give less room. */
  constructor(heldBytesMax = HELD_BYTES_MAX) {
    this.#heldBytesMax = heldBytesMax
  }

  /** From here on `onNews` is called when there is something to be given away; `isMuch`: soon. */
  connect(onNews: (isMuch: boolean) => void): void {
    this.#onNews = onNews
    if (this.#instance !== null) onNews(false)
  }

  get instance(): InstanceId | null {
    return this.#instance
  }

  begin(instance: InstanceId): void {
    this.#instance = instance
  }

  opened(
    facts: OpeningFacts,
    blocks: readonly BlockDraft[],
    parts: readonly BodyPart[] | null,
  ): void {
    if (blocks.length === 0 && (parts === null || parts.length === 0)) return
    const texts = blocks.filter(({ part }) => part.kind === 'block')
    let bytes = 0
    for (const { part } of texts) bytes += part.end - part.start
    if (!this.#hasRoom(bytes)) return
    for (const { body, part } of texts) {
      this.#used += body.copy(this.#room, this.#used, part.start, part.end)
    }
    this.#push({
      kind: 'opened',
      exchange: facts.id,
      retentionClass: facts.retentionClass,
      encoding: encodingOf(facts.received.headers),
      blocks: texts.map(({ key, part }) => [shortened(key), part.end - part.start]),
      lists: blocks
        .filter(({ part }) => part.kind === 'list')
        .map(({ key, part }) => [
          shortened(key),
          part.children.map((child) => shortened(child.key)),
        ]),
      holds: (parts ?? []).map(({ key }) => shortened(key)),
    })
  }

  closed(facts: OpeningFacts, answer: TappedAnswer | null, closing: FrameAddress): void {
    if (answer === null) {
      const { segment, offset } = closing
      if (this.#hasRoom(0)) this.#push({ kind: 'closed', exchange: facts.id, segment, offset })
      return
    }
    let bytes = 0
    for (const chunk of answer.chunks) bytes += chunk.length
    if (bytes === 0 || !this.#hasRoom(bytes)) return
    for (const chunk of answer.chunks) this.#used += chunk.copy(this.#room, this.#used)
    const { dialect, surface, stream, upstream, received, sent } = facts
    this.#push({
      kind: 'answered',
      exchange: facts.id,
      retentionClass: facts.retentionClass,
      facts: {
        dialect,
        surface,
        stream,
        upstream,
        received: { method: received.method, target: received.target },
        sent: sent === null ? null : { method: sent.method, target: sent.target },
      },
      headers: answer.head.headers.filter(([name]) => READ_HEADERS.has(name.toLowerCase())),
      bytes,
    })
  }

  event({ type, records }: EvidenceEvent): void {
    if (type !== 'record.erased' || records === undefined || !this.#hasRoom(0)) return
    this.#push({ kind: 'erased', exchanges: records })
  }

  advance(segment: number, offset: number): void {
    this.#to = { segment, offset }
    if (this.#isMissing && this.heldBytes <= this.#heldBytesMax / 2) {
      this.#isMissing = false
      this.#hasGap = true
      this.#from = this.#to
    }
    this.#onNews(this.#used + this.#entryBytes >= BATCH_BYTES)
  }

  keep(bytes: number): boolean {
    if (this.#kept + bytes > KEPT_BYTES_MAX) return false
    this.#kept += bytes
    return true
  }

  release(bytes: number): void {
    this.#kept -= bytes
  }

  /** Everything gathered up to the last `advance`; null when that is nothing. Ask between two turns of the event loop. */
  take(): FedBatch | null {
    const instance = this.#instance
    if (instance === null) return null
    if (this.#isMissing) {
      // What comes meanwhile is missing too; the indexer reads on from the record.
      return { instance, from: this.#to, to: this.#to, entries: '', bytes: new Uint8Array(0) }
    }
    const { segment, offset } = this.#from
    const isSame = segment === this.#to.segment && offset === this.#to.offset
    if (isSame && !this.#hasGap) return null
    // A copy: what is handed to another thread is gone here, and most batches are smaller than the room.
    const bytes = new Uint8Array(this.#used)
    bytes.set(this.#room.subarray(0, this.#used))
    const batch = {
      instance,
      from: this.#from,
      to: this.#to,
      entries: this.#entries.join('\n'),
      bytes,
    }
    this.#given += batch.entries.length + batch.bytes.length
    this.#from = this.#to
    this.#hasGap = false
    this.#clear()
    return batch
  }

  /** The indexer has done with so much. */
  taken(bytes: number): void {
    this.#given -= bytes
  }

  /** Whoever was given batches is gone, and took what it had of them with it: it is read from the record. */
  lost(): void {
    this.#given = 0
    this.#hasGap = true
  }

  /** Gathered or given away and not taken yet. */
  get heldBytes(): number {
    return this.#used + this.#entryBytes + this.#given
  }

  #hasRoom(bytes: number): boolean {
    if (this.#isMissing) return false
    if (this.heldBytes + bytes > this.#heldBytesMax) {
      this.#isMissing = true
      this.#clear()
      return false
    }
    const needed = this.#used + bytes
    if (needed > this.#room.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#room.length * 2))
      this.#room.copy(grown, 0, 0, this.#used)
      this.#room = grown
    }
    return true
  }

  #push(entry: FedEntry): void {
    const line = JSON.stringify(entry)
    this.#entries.push(line)
    this.#entryBytes += line.length
  }

  #clear(): void {
    this.#entries = []
    this.#entryBytes = 0
    this.#used = 0
    if (this.#room.length > 2 * BATCH_BYTES) this.#room = Buffer.allocUnsafeSlow(BATCH_BYTES)
  }
}

const shortened = (key: string): string => key.slice(0, BLOCK_DIGITS)

const CODING_HEADER = 'content-encoding'

export function encodingOf(headers: HeaderList): string | null {
  const found = headers.find(
    (header) =>
      header[0].length === CODING_HEADER.length && header[0].toLowerCase() === CODING_HEADER,
  )
  return found === undefined || found[1] === 'identity' ? null : found[1]
}
