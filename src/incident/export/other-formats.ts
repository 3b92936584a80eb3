/** The same exchanges for other tools: HAR 1.2, WARC 1.1, JSON Lines and CSV. */
import { createHash } from 'node:crypto'
import type { HeaderList } from '../../model/record.ts'
import type { ExportedExchange, ExportedMessage } from './exported-exchange.ts'

export const OTHER_FORMATS = ['har', 'warc', 'jsonl', 'csv'] as const
export type OtherFormat = (typeof OTHER_FORMATS)[number]

export const isText = (bytes: Buffer): boolean => {
  const text = bytes.toString('utf8')
  return !text.includes('\uFFFD') && Buffer.byteLength(text) === bytes.length
}

const iso = (ms: number): string => new Date(ms).toISOString()

const pairs = (headers: HeaderList) => headers.map(([name, value]) => ({ name, value }))

const headerOf = (headers: HeaderList, wanted: string): string =>
  headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? ''

function harContent({ body, headers }: ExportedMessage) {
  const mimeType = headerOf(headers, 'content-type')
  return isText(body)
    ? { mimeType, text: body.toString('utf8') }
    : { mimeType, text: body.toString('base64'), encoding: 'base64' }
}

/** One entry of a HAR log. */
export function harEntry({ row, recorded, request, answer }: ExportedExchange): object {
  const { received } = recorded.facts
  const [, target = received.target] = request.start.split(' ')
  const host = headerOf(received.headers, 'host')
  const url = `http://${host === '' ? 'unknown' : host}${target}`
  const waitMs = recorded.closing?.firstByteMs ?? -1
  const totalMs = recorded.closing?.durationMs ?? -1
  return {
    startedDateTime: iso(row.receivedAtMs),
    time: Math.max(0, totalMs),
    request: {
      method: received.method,
      url,
      httpVersion: `HTTP/${received.httpVersion}`,
      cookies: [],
      headers: pairs(request.headers),
      queryString: [],
      headersSize: -1,
      bodySize: request.body.length,
      ...(request.body.length === 0 ? {} : { postData: harContent(request) }),
    },
    response: {
      status: recorded.answerHead?.status ?? 0,
      statusText: '',
      httpVersion: `HTTP/${received.httpVersion}`,
      cookies: [],
      headers: pairs(answer.headers),
      content: { size: answer.body.length, ...harContent(answer) },
      redirectURL: '',
      headersSize: -1,
      bodySize: answer.body.length,
    },
    cache: {},
    timings: { send: 0, wait: waitMs, receive: waitMs < 0 ? -1 : Math.max(0, totalMs - waitMs) },
    comment: row.id,
  }
}

export function harOf(entries: readonly object[], version: string): string {
  const creator = { name: 'custody', version }
  return `${JSON.stringify({ log: { version: '1.2', creator, entries } }, null, 1)}\n`
}

interface WarcRecord {
  readonly type: string
  readonly id: string
  readonly dateMs: number
  readonly contentType: string
  readonly headers: readonly (readonly [string, string])[]
  readonly block: Buffer
}

/** Made of the exchange's id, so that exporting twice gives the same ids. */
function recordId(text: string): string {
  const hex = createHash('sha256').update(`custody/warc/v1\0${text}`).digest('hex')
  const part = (from: number, to: number): string => hex.slice(from, to)
  return `<urn:uuid:${part(0, 8)}-${part(8, 12)}-8${part(13, 16)}-a${part(17, 20)}-${part(20, 32)}>`
}

function warcRecord({ type, id, dateMs, contentType, headers, block }: WarcRecord): Buffer {
  const lines = [
    'WARC/1.1',
    `WARC-Type: ${type}`,
    `WARC-Record-ID: ${id}`,
    `WARC-Date: ${iso(dateMs)}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    `WARC-Block-Digest: sha256:${createHash('sha256').update(block).digest('hex')}`,
    `Content-Type: ${contentType}`,
    `Content-Length: ${block.length}`,
    '',
    '',
  ]
  return Buffer.concat([Buffer.from(lines.join('\r\n')), block, Buffer.from('\r\n\r\n')])
}

function httpBytes({ start, headers, body }: ExportedMessage): Buffer {
  const line = (text: string): string => text.replaceAll(/[\r\n]/g, ' ')
  const head = [start, ...headers.map(([name, value]) => `${line(name)}: ${line(value)}`), '', '']
  return Buffer.concat([Buffer.from(head.join('\r\n'), 'latin1'), body])
}

/** The request and the response record of one exchange. */
export function warcRecords({ row, recorded, request, answer }: ExportedExchange): Buffer {
  const host = headerOf(recorded.facts.received.headers, 'host')
  const [, target = '/'] = request.start.split(' ')
  const uri = `http://${/^[\w.:[\]-]+$/.test(host) ? host : 'unknown'}${encodeURI(target)}`
  const requestId = recordId(`${row.id} request`)
  const shared: WarcRecord['headers'] = [
    ['WARC-Target-URI', uri],
    ['X-Custody-Exchange', row.id],
  ]
  const asked = warcRecord({
    type: 'request',
    id: requestId,
    dateMs: row.receivedAtMs,
    contentType: 'application/http; msgtype=request',
    headers: shared,
    block: httpBytes(request),
  })
  if (recorded.answerHead === null) return asked
  const answered = warcRecord({
    type: 'response',
    id: recordId(`${row.id} response`),
    dateMs: row.endedAtMs ?? row.receivedAtMs,
    contentType: 'application/http; msgtype=response',
    headers: [...shared, ['WARC-Concurrent-To', requestId]],
    block: httpBytes(answer),
  })
  return Buffer.concat([asked, answered])
}

export function warcInfo(bundle: string, version: string, atMs: number): Buffer {
  return warcRecord({
    type: 'warcinfo',
    id: recordId(`${bundle} info`),
    dateMs: atMs,
    contentType: 'application/warc-fields',
    headers: [['WARC-Filename', `${bundle}.warc`]],
    block: Buffer.from(`software: custody/${version}\r\nformat: WARC File Format 1.1\r\n`),
  })
}

export function jsonLine(exchange: ExportedExchange): string {
  const { record, request, answer } = exchange
  return `${JSON.stringify({ ...record, requestText: request.text, answerText: answer.text })}\n`
}

const CSV_FIELDS = [
  'id',
  'receivedAt',
  'principal',
  'service',
  'upstream',
  'surface',
  'model',
  'state',
  'outcome',
  'status',
  'inputTokens',
  'outputTokens',
  'requestBytes',
  'answerBytes',
  'durationMs',
  'conversation',
  'remoteAddress',
  'userAgent',
  'request',
  'answer',
] as const

/** Spreadsheets cut longer cells. */
const CELL_CHARS_MAX = 32_000

/**
 * Threat: a cell that begins like a formula is run by whoever opens the file in a spreadsheet. Such cells get an
 * apostrophe, which spreadsheets show as text (OWASP, CSV injection).
 */
function csvCell(value: string | number | null): string {
  if (typeof value === 'number') return String(value)
  const text = (value ?? '').slice(0, CELL_CHARS_MAX)
  const safe = /^[\s\p{C}]*[=+\-@|%]/u.test(text) || /^[\t\r\n]/.test(text) ? `'${text}` : text
  return `"${safe.replaceAll('"', '""')}"`
}

export const csvHead = (): string => `${CSV_FIELDS.map((name) => `"${name}"`).join(',')}\r\n`

export function csvLine({ row, request, answer }: ExportedExchange): string {
  const values: Record<(typeof CSV_FIELDS)[number], string | number | null> = {
    ...row,
    receivedAt: iso(row.receivedAtMs),
    request: request.text,
    answer: answer.text,
  }
  return `${CSV_FIELDS.map((name) => csvCell(values[name])).join(',')}\r\n`
}
