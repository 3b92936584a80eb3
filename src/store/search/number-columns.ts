/** The measured columns of every exchange in memory, and which rows share a conversation. */
import type { NumberField } from '../../model/exchange-query.ts'

type Field = Exclude<NumberField, 'status'>

const FIELDS: readonly Field[] = [
  'receivedAtMs',
  'durationMs',
  'inputTokens',
  'outputTokens',
  'requestBytes',
  'answerBytes',
]

/** Stands for "has none" among counts, which are smaller; no moment and no duration is it either. */
const MISSING = 0xffff_ffff
/** Two primes: FNV-1a, and one beside it for the upper digits. */
const PRIME = 0x0100_0193
const OTHER_PRIME = 0x85eb_ca6b

type Values = Float64Array | Uint32Array

export class NumberColumns {
  readonly #columns: Record<Field, Values>
  #conversations: Float64Array

  constructor(capacity: number) {
    this.#columns = {
      receivedAtMs: new Float64Array(capacity),
      durationMs: new Float64Array(capacity),
      inputTokens: new Uint32Array(capacity),
      outputTokens: new Uint32Array(capacity),
      requestBytes: new Uint32Array(capacity),
      answerBytes: new Uint32Array(capacity),
    }
    this.#conversations = new Float64Array(capacity)
  }

  put(
    row: number,
    numbers: Readonly<Record<Field, number | null>>,
    conversation: string | null,
  ): void {
    for (const field of FIELDS) {
      const values = this.#columns[field]
      const value = numbers[field]
      values[row] = values instanceof Float64Array ? (value ?? Number.NaN) : counted(value)
    }
    this.#conversations[row] = conversation === null ? Number.NaN : numberOf(conversation)
  }

  /** NaN where there is none. */
  at(field: Field, row: number): number {
    const value = this.#columns[field][row] ?? Number.NaN
    return value === MISSING ? Number.NaN : value
  }

  conversationAt(row: number): number {
    return this.#conversations[row] ?? Number.NaN
  }

  move(to: number, from: number, end: number): void {
    for (const field of FIELDS) this.#columns[field].copyWithin(to, from, end)
    this.#conversations.copyWithin(to, from, end)
  }

  grow(capacity: number): void {
    for (const field of FIELDS) this.#columns[field] = larger(this.#columns[field], capacity)
    const conversations = new Float64Array(capacity)
    conversations.set(this.#conversations)
    this.#conversations = conversations
  }
}

function larger(values: Values, capacity: number): Values {
  const grown =
    values instanceof Float64Array ? new Float64Array(capacity) : new Uint32Array(capacity)
  grown.set(values)
  return grown
}

function counted(value: number | null): number {
  return value === null || value < 0 ? MISSING : Math.min(Math.round(value), MISSING - 1)
}

/** 53 bits of a text: a million of them are distinct but for one chance in ten thousand. */
function numberOf(text: string): number {
  let low = 0x811c_9dc5
  let high = 0x1b87_3593
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    low = Math.imul(low ^ unit, PRIME)
    high = Math.imul(high ^ unit, OTHER_PRIME)
    high ^= high >>> 15
  }
  return (high & 0x1f_ffff) * 2 ** 32 + (low >>> 0)
}
