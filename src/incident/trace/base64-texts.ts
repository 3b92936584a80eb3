/** Reads text that was written as base64, in one run or over lines, whatever stands before it. */
import { isOf, runEnd } from './character-runs.ts'
import {
  isWide,
  joined,
  placeIn,
  readBytes,
  type EncodedText,
  type Stretches,
} from './encoded-text.ts'
import { BASE64, base64Runs, holdsText } from './normalise.ts'

const RUN_MIN = 40
/** Words with no such sign are words. */
const UNLIKE_WORDS = /\d|[+/_-]/
/** As text has them in base64, and paths and names do not. */
const MANY_CAPITALS = /(?:[A-Z][^A-Z]*){6}/
const HEAD_CHARS = 128
const STARTS_MAX = 12
/** Mail and tools break it into lines, and files of settings indent these. */
const LINE_BREAK = /(?:\r\n|\r|\n{1,2})[ \t]{0,32}/y

export function* base64Texts(text: string): Generator<EncodedText, void> {
  let done = 0
  for (const [start, end] of base64Runs(text, RUN_MIN)) {
    if (start < done) continue
    const lines = linesFrom(text, start, end)
    done = lines.at(-1)?.[1] ?? end
    const found = read(text, lines)
    if (found !== null) yield found
  }
}

function read(text: string, lines: Stretches): EncodedText | null {
  const run = joined(text, lines)
  if (!UNLIKE_WORDS.test(run)) return null
  const from = startsOf(run).find((start) => isText(run.slice(start)))
  if (from === undefined) return null
  const found = readBytes(Buffer.from(run.slice(from), 'base64'))
  if (found === null) return null
  return {
    spelling: 'base64',
    text: found.text,
    origin: (at) => placeIn(lines, from + Math.floor((found.origin(at) * 4) / 3)),
  }
}

/** Lines of one length, of which the last may be shorter, are one run. */
function linesFrom(text: string, start: number, end: number): Stretches {
  const lines: [number, number][] = [[start, end]]
  const width = end - start
  if (width % 4 !== 0) return lines
  for (let last = end; ;) {
    LINE_BREAK.lastIndex = last
    const from = last + (LINE_BREAK.exec(text)?.[0].length ?? 0)
    if (from === last || !isOf(BASE64, text.charCodeAt(from))) break
    let to = runEnd(text, BASE64, from, width + 1)
    for (let filled = 0; filled < 2 && text[to] === '='; filled += 1) to += 1
    if (to - from > width) break
    lines.push([from, to])
    if (to - from < width) break
    last = to
  }
  return lines
}

/** Its beginning may be cut off, and a path before it looks like it. */
function startsOf(run: string): readonly number[] {
  const head = run.slice(0, HEAD_CHARS)
  if (!MANY_CAPITALS.test(head)) return [0]
  const starts = [0, 1, 2, 3]
  for (let at = head.indexOf('/'); at >= 0 && starts.length < STARTS_MAX;) {
    starts.push(at + 1)
    at = head.indexOf('/', at + 1)
  }
  return starts
}

function isText(base64: string): boolean {
  return holdsText(base64) || isWide(Buffer.from(base64.slice(0, HEAD_CHARS * 2), 'base64'))
}
