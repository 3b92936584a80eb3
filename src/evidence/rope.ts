/** The binary form of a body layout: entries of gap bytes and a child (block or list), then the bytes after the last. */
import type { BlockRole } from '../model/dialect.ts'

export const ROLES = [
  'system',
  'user',
  'assistant',
  'tool',
  'tool-definition',
  'other',
] as const satisfies readonly BlockRole[]

export interface RopeEntry {
  /** Bytes of the body between the previous entry and this one. */
  readonly gap: Buffer
  readonly kind: 'block' | 'list'
  /** `other` for lists. */
  readonly role: BlockRole
  readonly id: Buffer
  /** Body bytes the child stands for. */
  readonly bytes: number
}

export interface Rope {
  readonly entries: readonly RopeEntry[]
  readonly end: Buffer
}

const ID_BYTES = 32
const LIST_TAG = 0x80

/** Of a safe integer. */
const VARINT_MAX = 8

function writeVarint(target: Buffer, value: number, from: number): number {
  let at = from
  let rest = value
  while (rest >= 0x80) {
    target[at] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
    at += 1
  }
  target[at] = rest
  return at + 1
}

export function encodeRope(rope: Rope): Buffer {
  let most = 2 * VARINT_MAX + rope.end.length
  for (const entry of rope.entries) most += 1 + 2 * VARINT_MAX + entry.gap.length + ID_BYTES
  const bytes = Buffer.allocUnsafe(most)
  let at = writeVarint(bytes, rope.entries.length, 0)
  for (const entry of rope.entries) {
    bytes[at] = entry.kind === 'list' ? LIST_TAG : ROLES.indexOf(entry.role)
    at = writeVarint(bytes, entry.bytes, at + 1)
    at = writeVarint(bytes, entry.gap.length, at)
    at += entry.gap.copy(bytes, at)
    at += entry.id.copy(bytes, at, 0, ID_BYTES)
  }
  at = writeVarint(bytes, rope.end.length, at)
  at += rope.end.copy(bytes, at)
  return bytes.subarray(0, at)
}

class Cursor {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  byte(): number {
    const value = this.#bytes[this.#at]
    if (value === undefined) throw new Error('the layout is cut short')
    this.#at += 1
    return value
  }

  varint(): number {
    let value = 0
    for (let scale = 1; scale <= 2 ** 42; scale *= 0x80) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw new Error('a number in the layout is too long')
  }

  take(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new Error('the layout is cut short')
    const part = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return part
  }

  get done(): boolean {
    return this.#at === this.#bytes.length
  }
}

/** Throws on anything that `encodeRope` does not make. */
export function decodeRope(bytes: Buffer): Rope {
  const cursor = new Cursor(bytes)
  const entries: RopeEntry[] = []
  for (let count = cursor.varint(); count > 0; count -= 1) {
    const tag = cursor.byte()
    const role = tag === LIST_TAG ? 'other' : ROLES[tag]
    if (role === undefined) throw new Error(`layout entry kind ${tag} is not known`)
    const childBytes = cursor.varint()
    const gap = cursor.take(cursor.varint())
    const id = cursor.take(ID_BYTES)
    entries.push({ kind: tag === LIST_TAG ? 'list' : 'block', role, bytes: childBytes, gap, id })
  }
  const end = cursor.take(cursor.varint())
  if (!cursor.done) throw new Error('the layout has left-over bytes')
  return { entries, end }
}
