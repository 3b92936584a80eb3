/** Puts a bundle together: for each exchange its record, bodies, texts, payloads and proofs; then who handled them. */
import type { BundleHead, BundleItem } from '../../evidence/bundle/manifest.ts'
import { BundleWriter, type Sink } from '../../evidence/bundle/write-bundle.ts'
import { readEvent } from '../../evidence/payloads.ts'
import type { ProofDesk } from '../../evidence/proof-desk.ts'
import type { EvidenceReader } from '../../evidence/reader.ts'
import type { SegmentFiles } from '../../evidence/segment-files.ts'
import { isExchangeId, type ExchangeId } from '../../lib/ids.ts'
import type { ExchangeRow, FrameAddress } from '../../model/record.ts'
import type { EventRow, ExchangeIndex } from '../../store/exchange-index.ts'
import type { AnswerReading } from '../answer-reading.ts'
import { exportedExchange, type ExportedExchange } from './exported-exchange.ts'
import {
  csvHead,
  csvLine,
  harEntry,
  harOf,
  jsonLine,
  warcInfo,
  warcRecords,
  type OtherFormat,
} from './other-formats.ts'
import { bundleReadme } from './readme.ts'
import { reportExchange, reportHead, reportTail, type ReportEvent } from './report.ts'

const EVENTS_OF_ONE_MAX = 1000

export interface ExportSources {
  readonly index: ExchangeIndex
  readonly reader: EvidenceReader
  readonly files: SegmentFiles
  readonly readAnswer: AnswerReading
  readonly openProofs: () => Promise<ProofDesk>
}

export interface ExportOrder {
  readonly head: BundleHead
  readonly formats: readonly OtherFormat[]
}

/** Returns the SHA-256 of the manifest. */
export async function exportBundle(
  sources: ExportSources,
  order: ExportOrder,
  sink: Sink,
): Promise<string> {
  return new BundleExport(sources, order, sink, await sources.openProofs()).run()
}

class BundleExport {
  readonly #sources: ExportSources
  readonly #order: ExportOrder
  readonly #proofs: ProofDesk
  readonly #writer: BundleWriter
  readonly #items: BundleItem[] = []
  readonly #instances = new Set<string>()
  readonly #report: string[] = []
  readonly #har: object[] = []
  readonly #lines = { jsonl: [] as string[], csv: [csvHead()], warc: [] as Buffer[] }

  constructor(sources: ExportSources, order: ExportOrder, sink: Sink, proofs: ProofDesk) {
    this.#sources = sources
    this.#order = order
    this.#proofs = proofs
    this.#writer = new BundleWriter(sink, order.head.createdAtMs)
  }

  async run(): Promise<string> {
    const { head, formats } = this.#order
    const ids = head.selection.exchanges
    await this.#text('README.md', 'text/markdown', bundleReadme(head, this.#proofs.keys[0] ?? null))
    for (const id of ids) this.#items.push(await this.#exchange(id))
    const events = await this.#custody(ids)
    await this.#log()
    for (const format of formats) await this.#other(format)
    const report = [reportHead(head), ...this.#report, reportTail(this.#items, events)]
    await this.#text('report.html', 'text/html', report.join(''))
    const { origin, keys, size, signer } = this.#proofs
    return this.#writer.finish(
      {
        ...head,
        redactions: redactionsOf(head),
        log: { origin, keys, size },
        source: { instances: [...this.#instances], clock: 'system clock of the gateway, UTC' },
        items: this.#items,
      },
      signer,
    )
  }

  async #text(path: string, type: string, text: string): Promise<void> {
    await this.#writer.add(path, type, text)
  }

  async #exchange(id: string): Promise<BundleItem> {
    const { index, reader } = this.#sources
    const none = { exchange: id, opened: null, closed: null }
    if (!isExchangeId(id)) return { ...none, state: 'not-found', why: 'this is no exchange id' }
    const row = await index.exchange(id)
    if (row === null) return this.#absent(id)
    this.#instances.add(row.instance)
    const proven = await this.#proofsOf(row)
    const item = { exchange: id, ...proven }
    if (row.state === 'open') return { ...item, state: 'open', why: 'it had not ended yet' }
    let exported: ExportedExchange
    try {
      const { content } = this.#order.head
      const recorded = await reader.readRow(row)
      exported = await exportedExchange(recorded, content, this.#sources.readAnswer)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      return { ...item, state: 'unreadable', why }
    }
    await this.#content(exported)
    // What we could not read is not altered: whoever checks the bundle is told that it is not in there.
    const { isWhole, problems } = exported.recorded
    if (!isWhole) return { ...item, state: 'unreadable', why: problems.join('; ') }
    return { ...item, state: 'recorded', why: '' }
  }

  async #absent(id: ExchangeId): Promise<BundleItem> {
    const tombstone = await this.#sources.index.erasure.tombstone(id)
    const none = { exchange: id, opened: null, closed: null }
    if (tombstone === null) return { ...none, state: 'not-found', why: 'no such exchange' }
    const { erasedAtMs, cause, rule, event } = tombstone
    const why = `erased ${new Date(erasedAtMs).toISOString()} by ${cause} (${rule}), event ${event}`
    return { ...none, state: 'erased', why }
  }

  async #proofsOf(
    row: ExchangeRow,
  ): Promise<{ readonly opened: number | null; readonly closed: number | null }> {
    const at = `exchanges/${row.id}`
    const opened = await this.#proof(`${at}/opened`, openingOf(row))
    const closing = closingOf(row)
    const closed = closing === null ? null : await this.#proof(`${at}/closed`, closing)
    return { opened, closed }
  }

  async #proof(at: string, address: FrameAddress): Promise<number | null> {
    const proven = await this.#proofs.prove(address)
    if (proven === null) return null
    await this.#writer.add(`${at}.leaf`, 'application/json', proven.leaf)
    await this.#writer.add(`${at}.tlog-proof`, 'text/plain', proven.proof)
    return proven.index
  }

  async #content(exported: ExportedExchange): Promise<void> {
    const { row, recorded, record, request, answer } = exported
    const at = `exchanges/${row.id}`
    await this.#text(
      `${at}/record.json`,
      'application/json',
      `${JSON.stringify(record, null, 2)}\n`,
    )
    if (recorded.requestBody !== null)
      await this.#writer.add(`${at}/request.bin`, 'application/octet-stream', request.body)
    await this.#text(`${at}/request.txt`, 'text/plain', request.text)
    if (recorded.answerHead !== null) {
      await this.#writer.add(`${at}/answer.bin`, 'application/octet-stream', answer.body)
      await this.#text(`${at}/answer.txt`, 'text/plain', answer.text)
      const chunks = recorded.answerChunks.map(
        ({ bytes, atMs }) => `${JSON.stringify({ bytes: bytes.length, atMs })}\n`,
      )
      await this.#text(`${at}/chunks.jsonl`, 'application/jsonl', chunks.join(''))
    }
    if (this.#order.head.content === 'raw') await this.#payloads(row)
    this.#report.push(reportExchange(exported))
    this.#collect(exported)
  }

  async #payloads(row: ExchangeRow): Promise<void> {
    const at = `exchanges/${row.id}`
    const type = 'application/octet-stream'
    const opening = await this.#sources.files.read(openingOf(row))
    if (opening.plain !== null) await this.#writer.add(`${at}/opening.payload`, type, opening.plain)
    const address = closingOf(row)
    if (address === null) return
    const closing = await this.#sources.files.read(address)
    if (closing.plain !== null) await this.#writer.add(`${at}/closing.payload`, type, closing.plain)
  }

  #collect(exported: ExportedExchange): void {
    const wanted = new Set(this.#order.formats)
    if (wanted.has('har')) this.#har.push(harEntry(exported))
    if (wanted.has('warc')) this.#lines.warc.push(warcRecords(exported))
    if (wanted.has('jsonl')) this.#lines.jsonl.push(jsonLine(exported))
    if (wanted.has('csv')) this.#lines.csv.push(csvLine(exported))
  }

  async #other(format: OtherFormat): Promise<void> {
    const { id, tool, createdAtMs } = this.#order.head
    const path = `exchanges.${format}`
    switch (format) {
      case 'har':
        return this.#text(path, 'application/json', harOf(this.#har, tool.version))
      case 'warc': {
        const info = warcInfo(id, tool.version, createdAtMs)
        return this.#writer.add(
          path,
          'application/warc',
          Buffer.concat([info, ...this.#lines.warc]),
        )
      }
      case 'jsonl':
        return this.#text(path, 'application/jsonl', this.#lines.jsonl.join(''))
      case 'csv':
        return this.#text(path, 'text/csv', this.#lines.csv.join(''))
    }
  }

  async #custody(ids: readonly string[]): Promise<readonly ReportEvent[]> {
    const rows = new Map<string, EventRow>()
    for (const id of ids) {
      for (const row of await this.#sources.index.eventsOf(id, EVENTS_OF_ONE_MAX))
        rows.set(row.id, row)
    }
    const ordered = [...rows.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))
    const lines: string[] = []
    const events: ReportEvent[] = []
    for (const row of ordered) {
      const { plain } = await this.#sources.files.read(row)
      if (plain === null) continue
      const { event } = readEvent(plain).head
      await this.#writer.add(`custody/${row.id}.payload`, 'application/octet-stream', plain)
      await this.#proof(`custody/${row.id}`, row)
      lines.push(`${JSON.stringify({ id: row.id, ...event })}\n`)
      events.push({ id: row.id, ...event })
    }
    await this.#text('custody.jsonl', 'application/jsonl', lines.join(''))
    return events
  }

  async #log(): Promise<void> {
    const { checkpoint, keys, rotations } = this.#proofs
    await this.#writer.add('log/checkpoint', 'text/plain', checkpoint)
    await this.#text('log/keys', 'text/plain', `${keys.join('\n')}\n`)
    for (const { number, note } of rotations)
      await this.#writer.add(`log/rotation.${number}`, 'text/plain', note)
  }
}

const openingOf = ({ instance, openSegment, openOffset }: ExchangeRow): FrameAddress => ({
  instance,
  segment: openSegment,
  offset: openOffset,
})

/** Null when it has none of its own: still open, or refused in one frame. */
function closingOf(row: ExchangeRow): FrameAddress | null {
  const { instance, closeSegment, closeOffset, openSegment, openOffset } = row
  if (closeSegment === null || closeOffset === null) return null
  if (closeSegment === openSegment && closeOffset === openOffset) return null
  return { instance, segment: closeSegment, offset: closeOffset }
}

function redactionsOf({ content }: BundleHead) {
  const always = [
    { what: 'credentials and cookies in headers', how: 'replaced by (removed) when recorded' },
  ]
  if (content === 'raw') return always
  return [
    ...always,
    { what: 'bodies and texts', how: 'letters, digits and symbols replaced, lengths kept' },
    { what: 'values of headers and of the query', how: 'the same, but for headers that say how' },
    { what: 'plain payloads of frames', how: 'left out; the leaves commit to them (pt)' },
  ]
}
