/** Reads text that was written in hexadecimal digits: in one run, in groups, over lines, or as a dump with places and letters beside it. */
import { isOf, kindOf, nextRun, runEnd } from './character-runs.ts'
import {
  CONTROL,
  joined,
  placeIn,
  readBytes,
  type EncodedText,
  type Stretches,
} from './encoded-text.ts'

const HEX_OR_SPACE = kindOf(/[0-9A-Fa-f\s:,-]/)
const WORD = kindOf(/[0-9A-Za-z_]/)
const DIGITS_MIN = 40
const DIGITS = /[0-9A-Fa-f]+/g
/** Where it stands in what was dumped, up to sixteen bytes, and what they say as letters. */
const DUMP_LINE =
  /[ \t>|]*[0-9A-Fa-f]{6,16}(?:: ?| {1,3})((?:[0-9A-Fa-f]{2} {0,2}){1,16})[^\r\n]{0,40}(?:(?:\r?\n){1,2}|$)/dy
const DUMP_LINES_MIN = 2
/** What may stand before the digits of a line. */
const LINE_HEAD_MAX = 40

export function* hexTexts(text: string): Generator<EncodedText, void> {
  for (let start = nextRun(text, HEX_OR_SPACE, DIGITS_MIN, 0); start >= 0;) {
    const dump = dumpAt(text, start)
    const end = dump?.end ?? runEnd(text, HEX_OR_SPACE, start, text.length)
    for (const digits of dump === null ? groupsIn(text, start, end) : [dump.digits]) {
      const found = read(text, digits)
      if (found !== null) yield found
    }
    start = nextRun(text, HEX_OR_SPACE, DIGITS_MIN, end)
  }
}

/** Of a byte that was cut off one digit may be left. */
function read(text: string, digits: Stretches): EncodedText | null {
  const all = joined(text, digits)
  if (all.length < DIGITS_MIN) return null
  for (const from of [0, 1]) {
    const found = readBytes(Buffer.from(all.slice(from), 'hex'))
    // A table of numbers, most likely.
    if (found === null || CONTROL.test(found.text)) continue
    return {
      spelling: 'hex',
      text: found.text,
      origin: (at) => placeIn(digits, from + found.origin(at) * 2),
    }
  }
  return null
}

/** Neighbours of whole bytes; a long one with half a byte stands alone. */
function groupsIn(text: string, start: number, end: number): readonly Stretches[] {
  const groups: [number, number][][] = [[]]
  for (const { 0: digits, index } of text.slice(start, end).matchAll(DIGITS)) {
    const [from, to] = [start + index, start + index + digits.length]
    const isPart = isOf(WORD, text.charCodeAt(from - 1)) || isOf(WORD, text.charCodeAt(to))
    if (!isPart && digits.length % 2 === 0) groups.at(-1)?.push([from, to])
    else if (digits.length < DIGITS_MIN) groups.push([])
    else groups.push([[from, to]], [])
  }
  return groups
}

function dumpAt(
  text: string,
  at: number,
): { readonly digits: Stretches; readonly end: number } | null {
  const digits: (readonly [number, number])[] = []
  let lines = 0
  let first = at
  while (/\s/.test(text.charAt(first))) first += 1
  const earliest = Math.max(0, first - LINE_HEAD_MAX)
  let end = earliest + text.slice(earliest, first).lastIndexOf('\n') + 1
  for (;;) {
    DUMP_LINE.lastIndex = end
    const line = DUMP_LINE.exec(text)
    const [from, to] = line?.indices?.[1] ?? [0, 0]
    if (line === null || to === from) break
    for (const { 0: group, index } of text.slice(from, to).matchAll(DIGITS)) {
      digits.push([from + index, from + index + group.length])
    }
    lines += 1
    end = DUMP_LINE.lastIndex
  }
  return lines < DUMP_LINES_MIN ? null : { digits, end }
}
