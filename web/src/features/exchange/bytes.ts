/** Raw bytes for reading: base64 in, text, hex rows and stream events out. Pure. */

export function decodeBase64(text: string): Uint8Array {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at)
  return bytes
}

export function bytesToText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(bytes)
}

export interface HexRow {
  readonly offset: string
  readonly hex: string
  /** Printable ASCII; everything else a dot. */
  readonly text: string
}

export const HEX_ROW_BYTES = 16

export function hexRow(bytes: Uint8Array, row: number, firstOffset: number): HexRow {
  const slice = bytes.subarray(row * HEX_ROW_BYTES, (row + 1) * HEX_ROW_BYTES)
  const pairs = [...slice].map((byte) => byte.toString(16).padStart(2, '0'))
  return {
    offset: (firstOffset + row * HEX_ROW_BYTES).toString(16).padStart(8, '0'),
    hex: `${pairs.slice(0, 8).join(' ')}  ${pairs.slice(8).join(' ')}`.padEnd(48),
    text: [...slice]
      .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'))
      .join(''),
  }
}

export interface RawEvent {
  readonly start: number
  /** Offset after its last byte, the blank line not counted. */
  readonly end: number
  readonly text: string
}

const LF = 0x0a
const CR = 0x0d

/** Cuts at blank lines, as server-sent events are; byte offsets count from `firstOffset`. */
export function splitEvents(bytes: Uint8Array, firstOffset: number): readonly RawEvent[] {
  const events: RawEvent[] = []
  let start = 0
  let lineStart = 0
  const add = (end: number): void => {
    if (end > start)
      events.push({
        start: firstOffset + start,
        end: firstOffset + end,
        text: bytesToText(bytes.subarray(start, end)).trimEnd(),
      })
  }
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] !== LF) continue
    const isBlank = at === lineStart || (at === lineStart + 1 && bytes[lineStart] === CR)
    if (isBlank) {
      add(lineStart)
      start = at + 1
    }
    lineStart = at + 1
  }
  add(bytes.length)
  return events
}
