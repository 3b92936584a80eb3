/** Turns frames, in the order they were written, into index rows: the same rows that were made when they were. */
import { isExchangeId, type ExchangeId } from '../lib/ids.ts'
import type { FindingRow } from '../model/masking.ts'
import type { BlockRow, ExchangeRow } from '../model/record.ts'
import type { EventRow, IndexBatch, IndexPosition } from '../store/exchange-index.ts'
import {
  readClosing,
  readEvent,
  readOpening,
  readRefusal,
  type OpeningPayload,
} from './payloads.ts'
import { findingRows } from './finding-rows.ts'
import { closedRow, openRow } from './rows.ts'
import type { OpenedFrame, SegmentFiles } from './segment-files.ts'
import type { ScannedFrame } from './segment-scan.ts'

function requestBytesOf(opening: OpeningPayload): number {
  return opening.body.kind === 'whole' ? opening.body.bytes : 0
}

function exchangeIdOf(record: string): ExchangeId {
  if (!isExchangeId(record)) throw new Error('the frame belongs to no exchange')
  return record
}

export class FrameIndexer {
  readonly #files: SegmentFiles
  #exchanges = new Map<string, ExchangeRow>()
  #blocks: BlockRow[] = []
  #events: EventRow[] = []
  #findings: FindingRow[] = []
  /** Rows of exchanges whose closing was not met yet. */
  readonly #open = new Map<string, ExchangeRow>()
  /** Bytes of block and list frames that wait for the opening behind them. */
  #aheadRecord = ''
  #aheadBytes = 0

  constructor(files: SegmentFiles) {
    this.#files = files
  }

  get waiting(): number {
    return this.#exchanges.size + this.#blocks.length + this.#events.length
  }

  /** Throws when a frame that must be opened cannot be. Erased frames give no rows. */
  async add(frame: ScannedFrame): Promise<void> {
    const { head, address, bytes, header } = frame
    switch (head.type) {
      case 'block':
      case 'list':
        if (!head.erased) this.#block(frame)
        return
      case 'request':
      case 'answer':
        return
      case 'opening':
      case 'refusal':
      case 'closing':
      case 'event': {
        const opened = await this.#files.open(address, head, bytes, header)
        if (opened.plain !== null) await this.#opened(opened, opened.plain)
      }
    }
  }

  take(position: IndexPosition): IndexBatch {
    const batch = {
      exchanges: [...this.#exchanges.values()],
      blocks: this.#blocks,
      events: this.#events,
      findings: this.#findings,
      position,
    }
    this.#exchanges = new Map()
    this.#blocks = []
    this.#events = []
    this.#findings = []
    return batch
  }

  #block({ head, address, header }: ScannedFrame): void {
    if (this.#aheadRecord !== head.record) {
      this.#aheadRecord = head.record
      this.#aheadBytes = 0
    }
    this.#aheadBytes += head.length
    this.#blocks.push({
      id: head.blockId,
      ...address,
      bytes: head.plainLength,
      retentionClass: header.epochKeys[head.classIndex]?.retentionClass ?? '',
      firstExchange: exchangeIdOf(head.record),
    })
  }

  async #opened({ head, address }: OpenedFrame, plain: Buffer): Promise<void> {
    switch (head.type) {
      case 'event': {
        const { event } = readEvent(plain).head
        this.#events.push({ id: head.record, event, ...address })
        return
      }
      case 'opening': {
        const opening = readOpening(plain).head
        const row = this.#openRow(opening, head.length, address)
        this.#findings.push(...findingRows(row.id, 'request', opening.facts.findings))
        this.#open.set(row.id, row)
        this.#exchanges.set(row.id, row)
        return
      }
      case 'refusal': {
        const refusal = readRefusal(plain).head
        const row = this.#openRow(refusal, head.length, address)
        const { id, requestBytes, storedBytes } = row
        this.#findings.push(
          ...findingRows(id, 'request', refusal.facts.findings),
          ...findingRows(id, 'answer', refusal.closing.findings),
        )
        this.#exchanges.set(
          row.id,
          closedRow(row, refusal.closing, { address, requestBytes, storedBytes }),
        )
        return
      }
      case 'closing': {
        const closing = readClosing(plain).head
        const [segment, offset] = closing.opening
        const row =
          this.#open.get(head.record) ?? (await this.#openingAt({ ...address, segment, offset }))
        this.#open.delete(head.record)
        if (row === null) return
        this.#findings.push(...findingRows(row.id, 'answer', closing.facts.findings))
        const closed = closedRow(row, closing.facts, {
          address,
          requestBytes: row.requestBytes + closing.request.bytes,
          storedBytes: closing.storedBefore + head.length,
        })
        this.#exchanges.set(row.id, closed)
        return
      }
      case 'block':
      case 'list':
      case 'request':
      case 'answer':
    }
  }

  #openRow(payload: OpeningPayload, length: number, address: OpenedFrame['address']): ExchangeRow {
    const ahead = this.#aheadRecord === payload.facts.id ? this.#aheadBytes : 0
    this.#aheadRecord = ''
    this.#aheadBytes = 0
    return openRow(payload.facts, {
      address,
      requestBytes: requestBytesOf(payload),
      storedBytes: ahead + length,
    })
  }

  /** Null when it was erased: the erasure was interrupted before it came to the closing. */
  async #openingAt(address: OpenedFrame['address']): Promise<ExchangeRow | null> {
    const opening = await this.#files.read(address)
    if (opening.head.type !== 'opening') throw new Error('the closing refers to no opening')
    if (opening.plain === null) return null
    const payload = readOpening(opening.plain).head
    const at = { address, requestBytes: requestBytesOf(payload), storedBytes: opening.head.length }
    return openRow(payload.facts, at)
  }
}
