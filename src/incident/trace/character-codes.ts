/** The UTF-16 units of a text as numbers: a loop over them costs a third of one over the text. */
import { endianness } from 'node:os'

const IS_BIG_ENDIAN = endianness() === 'BE'
const KEPT_BYTES_MAX = 1024 * 1024

let room = Buffer.alloc(16_384)

/** Good until the next call. */
export function codesOf(text: string): Uint16Array {
  const { length } = text
  const bytes = roomFor(length * 2)
  bytes.write(text, 0, length * 2, 'utf16le')
  if (IS_BIG_ENDIAN) bytes.subarray(0, length * 2).swap16()
  return new Uint16Array(bytes.buffer, bytes.byteOffset, length)
}

function roomFor(size: number): Buffer {
  if (room.length >= size) return room
  const made = Buffer.alloc(size * 2)
  if (made.length <= KEPT_BYTES_MAX) room = made
  return made
}

/** Text has none of these in ASCII: not those that move a line. */
export function isControl(code: number): boolean {
  return code < 0x09 || (code > 0x0d && code < 0x20) || code === 0x7f
}
