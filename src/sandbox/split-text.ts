/** Cuts text into the pieces of a stream, and stretches it to a size, without tearing a character apart. */

/** Pieces of `size` UTF-16 units, one more where a surrogate pair would be torn. */
export function splitEvery(text: string, size: number): readonly string[] {
  const pieces: string[] = []
  for (let start = 0; start < text.length;) {
    const end = wholeCharacterEnd(text, start + size)
    pieces.push(text.slice(start, end))
    start = end
  }
  return pieces
}

/** `count` pieces of nearly equal length; fewer when the text has fewer characters. */
export function splitInto(text: string, count: number): readonly string[] {
  const pieces: string[] = []
  let start = 0
  for (let i = 1; i <= count; i += 1) {
    const end = wholeCharacterEnd(text, Math.floor((text.length * i) / count))
    if (end > start) pieces.push(text.slice(start, end))
    start = Math.max(start, end)
  }
  return pieces
}

function wholeCharacterEnd(text: string, end: number): number {
  if (end <= 0) return 0
  if (end >= text.length) return text.length
  const code = text.charCodeAt(end - 1)
  const tears = code >= 0xd800 && code <= 0xdbff
  return tears ? end + 1 : end
}

/** Repeats and cuts `text` to exactly `bytes` bytes of UTF-8; a torn last character becomes dots. */
export function stretch(text: string, bytes: number): string {
  const unit = Buffer.byteLength(text) + 1
  const whole = Buffer.from(`${text} `.repeat(Math.ceil(bytes / unit))).subarray(0, bytes)
  let end = whole.length
  // A UTF-8 continuation byte right after the cut means that the last character lost its tail.
  const full = Buffer.from(`${text} `)
  while (end > 0 && isContinuation(full[end % unit])) end -= 1
  return whole.toString('utf8', 0, end) + '.'.repeat(bytes - end)
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}
