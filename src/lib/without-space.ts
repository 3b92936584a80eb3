/** Takes all white space out of a text in one pass: a pattern makes a piece of garbage for each word. */

/** Longer texts are rare, and would keep the rooms large. */
const ROOM_CHARS = 64 * 1024
const narrow = Buffer.alloc(ROOM_CHARS)
const wide = new Uint16Array(ROOM_CHARS)
const wideBytes = Buffer.from(wide.buffer)

/** The same as `text.replaceAll(/\s+/g, '')`. */
export function withoutSpace(text: string): string {
  if (text.length > ROOM_CHARS) return text.replaceAll(/\s+/g, '')
  let length = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code > 0xff) return wideWithoutSpace(text)
    if (isNarrowSpace(code)) continue
    narrow[length] = code
    length += 1
  }
  return length === text.length ? text : narrow.toString('latin1', 0, length)
}

/** Copied as UTF-16, so that half of a pair stays what it is. */
function wideWithoutSpace(text: string): string {
  let length = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code > 0xff ? isWideSpace(code) : isNarrowSpace(code)) continue
    wide[length] = code
    length += 1
  }
  return wideBytes.toString('utf16le', 0, length * 2)
}

const isNarrowSpace = (code: number): boolean =>
  code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0xa0

/** ECMA-262 22.2.1.2: `\s` is white space (12.2) and line ends (12.3). */
const isWideSpace = (code: number): boolean =>
  (code >= 0x2000 && code <= 0x200a) ||
  code === 0x1680 ||
  code === 0x2028 ||
  code === 0x2029 ||
  code === 0x202f ||
  code === 0x205f ||
  code === 0x3000 ||
  code === 0xfeff
