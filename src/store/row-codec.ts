/** Turns rows of the model into values that both engines can store, and back. */
import type { FindingRow } from '../model/masking.ts'
import type { BlockRow, ExchangeRow } from '../model/record.ts'
import type { EventRow, IndexPosition } from './exchange-index.ts'
import type {
  BlockTable,
  EventTable,
  ExchangeTable,
  FindingTable,
  PositionTable,
} from './schema.ts'

export type StoredValue = string | number | null

/** Short enough for a PostgreSQL index row (2704 bytes) at three bytes a character. */
const KEY_TEXT_MAX = 512
/** The index is for finding; the segment has the whole text. */
const TEXT_MAX = 4096
/** Items of a list come from callers (names of tools) or number as many as there are findings. */
const ITEM_TEXT_MAX = 128
const LIST_MAX = 500

type CellKind = 'key' | 'text' | 'whole' | 'real' | 'flag' | 'list'

const EXCHANGE_CELLS: readonly (readonly [
  field: keyof ExchangeRow,
  column: keyof ExchangeTable,
  kind: CellKind,
])[] = [
  ['id', 'id', 'key'],
  ['state', 'state', 'key'],
  ['outcome', 'outcome', 'text'],
  ['receivedAtMs', 'received_at_ms', 'whole'],
  ['endedAtMs', 'ended_at_ms', 'whole'],
  ['principal', 'principal', 'key'],
  ['principalKind', 'principal_kind', 'text'],
  ['keyId', 'key_id', 'key'],
  ['service', 'service', 'key'],
  ['declaredService', 'declared_service', 'text'],
  ['remoteAddress', 'remote_address', 'text'],
  ['userAgent', 'user_agent', 'text'],
  ['upstream', 'upstream', 'key'],
  ['dialect', 'dialect', 'text'],
  ['surface', 'surface', 'text'],
  ['route', 'route', 'text'],
  ['mode', 'mode', 'text'],
  ['retentionClass', 'retention_class', 'text'],
  ['method', 'method', 'text'],
  ['path', 'path', 'text'],
  ['model', 'model', 'key'],
  ['stream', 'stream', 'flag'],
  ['status', 'status', 'whole'],
  ['errorCode', 'error_code', 'text'],
  ['finishReason', 'finish_reason', 'text'],
  ['inputTokens', 'input_tokens', 'whole'],
  ['outputTokens', 'output_tokens', 'whole'],
  ['requestBytes', 'request_bytes', 'whole'],
  ['answerBytes', 'answer_bytes', 'whole'],
  ['storedBytes', 'stored_bytes', 'whole'],
  ['firstByteMs', 'first_byte_ms', 'real'],
  ['durationMs', 'duration_ms', 'real'],
  ['conversation', 'conversation', 'key'],
  ['conversationBy', 'conversation_by', 'text'],
  ['responseId', 'response_id', 'key'],
  ['previousResponse', 'previous_response', 'key'],
  ['tools', 'tools', 'list'],
  ['findingsIn', 'findings_in', 'list'],
  ['entities', 'entities', 'list'],
  ['rules', 'rules', 'list'],
  ['fingerprints', 'fingerprints', 'list'],
  ['verdict', 'verdict', 'key'],
  ['policyHash', 'policy_hash', 'text'],
  ['decidingRule', 'deciding_rule', 'text'],
  ['policyRules', 'policy_rules', 'list'],
  ['tags', 'tags', 'list'],
  ['contextEnd', 'context_end', 'key'],
  ['contextParent', 'context_parent', 'key'],
  ['contextAnswer', 'context_answer', 'key'],
  ['answerDigest', 'answer_digest', 'key'],
  ['instance', 'instance', 'text'],
  ['openSegment', 'open_segment', 'whole'],
  ['openOffset', 'open_offset', 'whole'],
  ['closeSegment', 'close_segment', 'whole'],
  ['closeOffset', 'close_offset', 'whole'],
]

export const EXCHANGE_COLUMNS = EXCHANGE_CELLS.map(([, column]) => column)
const EXCHANGE_FIELDS = EXCHANGE_CELLS.map(([field]) => field)
const EXCHANGE_KINDS = EXCHANGE_CELLS.map(([, , kind]) => kind)

/** Values in the order of EXCHANGE_COLUMNS. */
export function encodeExchange(row: ExchangeRow): StoredValue[] {
  const values: StoredValue[] = []
  // By index: taking sixty lists apart for each exchange costs more than encoding their values.
  for (let at = 0; at < EXCHANGE_FIELDS.length; at += 1) {
    const field = EXCHANGE_FIELDS[at]
    const kind = EXCHANGE_KINDS[at]
    if (field !== undefined && kind !== undefined) values.push(encodeCell(row[field], kind))
  }
  return values
}

export function decodeExchange(stored: ExchangeTable): ExchangeRow {
  const row: Record<string, unknown> = {}
  for (const [field, column, kind] of EXCHANGE_CELLS) {
    const value = stored[column]
    row[field] = decodeCell(value, kind)
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: encodeExchange wrote every cell from an ExchangeRow
  return row as unknown as ExchangeRow
}

export const BLOCK_COLUMNS = [
  'id',
  'retention_class',
  'instance',
  'segment',
  'byte_offset',
  'bytes',
  'first_exchange',
] as const satisfies readonly (keyof BlockTable)[]

export function encodeBlock(row: BlockRow): StoredValue[] {
  return [
    row.id,
    row.retentionClass,
    row.instance,
    row.segment,
    row.offset,
    row.bytes,
    row.firstExchange,
  ]
}

export function decodeBlock(stored: BlockTable): BlockRow {
  return {
    id: stored.id,
    instance: stored.instance,
    segment: stored.segment,
    offset: stored.byte_offset,
    bytes: stored.bytes,
    retentionClass: stored.retention_class,
    firstExchange: stored.first_exchange,
  }
}

export const EVENT_COLUMNS = [
  'id',
  'type',
  'at_ms',
  'actor',
  'details',
  'instance',
  'segment',
  'byte_offset',
] as const satisfies readonly (keyof EventTable)[]

export function encodeEvent(row: EventRow): StoredValue[] {
  const { event } = row
  return [
    row.id,
    event.type,
    storableWhole(event.atMs),
    storableText(event.actor, TEXT_MAX),
    JSON.stringify(event.details),
    row.instance,
    row.segment,
    row.offset,
  ]
}

export function decodeEvent(stored: EventTable): EventRow {
  return {
    id: stored.id,
    event: {
      type: stored.type,
      atMs: stored.at_ms,
      actor: stored.actor,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: encodeEvent wrote it
      details: JSON.parse(stored.details) as EventRow['event']['details'],
    },
    instance: stored.instance,
    segment: stored.segment,
    offset: stored.byte_offset,
  }
}

export const FINDING_COLUMNS = [
  'exchange',
  'direction',
  'entity',
  'rule',
  'score',
  'fingerprint',
  'operator',
  'count',
] as const satisfies readonly (keyof FindingTable)[]

export function encodeFinding(row: FindingRow): StoredValue[] {
  return [
    row.exchange,
    row.direction,
    keyText(row.entity),
    keyText(row.rule),
    Number.isFinite(row.score) ? row.score : 0,
    row.fingerprint,
    keyText(row.operator),
    row.count,
  ]
}

export const POSITION_COLUMNS = [
  'instance',
  'segment',
  'byte_offset',
] as const satisfies readonly (keyof PositionTable)[]

export function encodePosition(position: IndexPosition): StoredValue[] {
  return [position.instance, position.segment, position.offset]
}

export function decodePosition(stored: PositionTable): IndexPosition {
  return {
    instance: stored.instance,
    segment: stored.segment,
    offset: stored.byte_offset,
  }
}

/** The form a text has in an indexed column; filters must use it too. */
export function keyText(text: string): string {
  return storableText(text, KEY_TEXT_MAX)
}

function decodeCell(value: StoredValue, kind: CellKind): unknown {
  if (kind === 'flag') return value === 1
  return kind === 'list' ? listItems(String(value)) : value
}

/** A stored list has a line end before, between and behind its items; an empty one is empty. */
export function listItems(stored: string): readonly string[] {
  return stored === '' ? [] : stored.slice(1, -1).split('\n')
}

/** How an item lies in a stored list. */
export function listItem(item: string): string {
  return `\n${itemText(item)}\n`
}

function itemText(text: string): string {
  return storableText(text, ITEM_TEXT_MAX).replaceAll('\n', '\uFFFD')
}

type Cell = string | number | boolean | readonly string[]

const ENCODE: Readonly<Record<CellKind, (value: Cell) => StoredValue>> = {
  list: (value) =>
    Array.isArray(value) && value.length > 0
      ? `\n${value.slice(0, LIST_MAX).map(itemText).join('\n')}\n`
      : '',
  key: (value) => storableText(String(value), KEY_TEXT_MAX),
  text: (value) => storableText(String(value), TEXT_MAX),
  whole: (value) => storableWhole(Number(value)),
  real: (value) => (Number.isFinite(value) ? Number(value) : null),
  flag: (value) => (value === true ? 1 : 0),
}

function encodeCell(value: Cell | null, kind: CellKind): StoredValue {
  return value === null ? null : ENCODE[kind](value)
}

/** A model name or a path may hold what PostgreSQL refuses (NUL, lone surrogates): one odd value must not stop the index. */
function storableText(text: string, max: number): string {
  const cut = text.length > max ? text.slice(0, max) : text
  const whole = cut.isWellFormed() ? cut : cut.toWellFormed()
  return whole.includes('\0') ? whole.replaceAll('\0', '\uFFFD') : whole
}

/** Providers report token counts; a fraction or 1e300 must not stop the index. */
function storableWhole(value: number): number {
  if (Number.isSafeInteger(value)) return value
  if (Number.isNaN(value)) return 0
  return Math.trunc(Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER))
}
