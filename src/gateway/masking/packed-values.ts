/** Values in one piece of memory, so that a thread is given them without a copy of each. */
import { STEP_BYTES } from '../../lib/turns.ts'
import type { Work } from '../../lib/turns.ts'
import type { RawValue } from './inspect-texts.ts'

export interface PackedValue extends Omit<RawValue, 'raw'> {
  /** Where it ends; it begins where the one before it ends. */
  readonly end: number
}

/** Once a thread has them, the bytes are gone here. */
export interface PackedValues {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly values: readonly PackedValue[]
}

/** A value as it stands in a body. */
export interface PlacedValue extends Omit<RawValue, 'raw'> {
  readonly start: number
  readonly end: number
}

export function* packing(body: Buffer, placed: readonly PlacedValue[]): Work<PackedValues> {
  const bytes = new Uint8Array(placed.reduce((sum, { start, end }) => sum + end - start, 0))
  const values: PackedValue[] = []
  let at = 0
  for (const { start, end, ...value } of placed) {
    for (let from = start; from < end; from += STEP_BYTES) {
      at += body.copy(bytes, at, from, Math.min(from + STEP_BYTES, end))
      yield
    }
    values.push({ ...value, end: at })
  }
  return { bytes, values }
}

export function packed(raws: readonly RawValue[]): PackedValues {
  const bytes = new TextEncoder().encode(raws.map(({ raw }) => raw).join(''))
  let end = 0
  const values = raws.map(({ raw, ...value }) => {
    end += Buffer.byteLength(raw)
    return { ...value, end }
  })
  return { bytes, values }
}

export function* unpacked({ bytes, values }: PackedValues): Generator<RawValue, void> {
  const all = Buffer.from(bytes.buffer)
  let from = 0
  for (const { end, ...value } of values) {
    yield { ...value, raw: all.toString('utf8', from, end) }
    from = end
  }
}
