/** Finds runs of characters of one kind, looking at few characters where there is none. */

/** One for each ASCII character of the kind. */
export type CharacterKind = Uint8Array

export function kindOf(pattern: RegExp): CharacterKind {
  return Uint8Array.from({ length: 128 }, (_, code) =>
    pattern.test(String.fromCharCode(code)) ? 1 : 0,
  )
}

/** Start of the first run of at least `least` characters that begins at `from` or behind it; -1 when there is none. */
export function nextRun(text: string, kind: CharacterKind, least: number, from: number): number {
  const { length } = text
  // A run of so many has one at each distance of so many: most places need one look.
  for (let start = from; start + least <= length;) {
    let at = start + least - 1
    while (at >= start && isOf(kind, text.charCodeAt(at))) at -= 1
    if (at < start) return start
    start = at + 1
  }
  return -1
}

/** End of the run that goes on at `from`, after `most` characters at the latest. */
export function runEnd(text: string, kind: CharacterKind, from: number, most: number): number {
  const end = Math.min(text.length, from + most)
  let at = from
  while (at < end && isOf(kind, text.charCodeAt(at))) at += 1
  return at
}

export function isOf(kind: CharacterKind, code: number): boolean {
  return code < 128 && kind[code] === 1
}
