/** Where a place in a text lies once masks have changed the text, and the way back. */
import type { Mask } from '../../detect/finding.ts'
import type { OffsetUnit } from '../../model/stream-shape.ts'

/** One replacement, counted in the unit of the provider. */
interface Mark {
  readonly start: number
  readonly end: number
  readonly shownStart: number
  readonly shownEnd: number
  readonly text: string
}

export interface TextShift {
  /** The next piece of the text as it came. */
  readonly receive: (text: string) => void
  /** What became of the text up to the unit `settled`; masks ascend. */
  readonly settle: (masks: readonly Mask[], settled: number) => void
  /** True when nothing before this place can change any more. */
  readonly isSettled: (offset: number) => boolean
  /** No more text comes. */
  readonly finish: () => void
  /** A place of the text as it came, in the text as it is shown. Inside a mask it is the border of the mask. */
  readonly shown: (offset: number, side: 'start' | 'end') => number
  /** A place of the shown text, in the text as it came. */
  readonly original: (offset: number, side: 'start' | 'end') => number
  /** `quote`, which begins at `start`, with the masks that reach into it; null when none does. Bytes only. */
  readonly quoted: (start: number, quote: string) => string | null
}

export function createTextShift(unit: OffsetUnit): TextShift {
  const marks: Mark[] = []
  /** Text that is not counted yet; it begins at unit `at`, which lies at `counted`. */
  let waiting = ''
  let at = 0
  let counted = 0
  let grown = 0
  let isOver = false
  const countTo = (to: number): number => {
    counted += lengthIn(unit, waiting.slice(0, to - at))
    waiting = waiting.slice(to - at)
    at = to
    return counted
  }
  const mark = ({ start, end, text }: Mask): void => {
    const from = countTo(start)
    const to = countTo(end)
    const last = marks.at(-1)
    const length = lengthIn(unit, text)
    grown += length - (to - from)
    if (last !== undefined && text === '' && last.end === from) {
      // A mask may come in pieces of which only the first has text.
      marks[marks.length - 1] = { ...last, end: to }
      return
    }
    const shownEnd = to + grown
    marks.push({ start: from, end: to, shownStart: shownEnd - length, shownEnd, text })
  }
  return {
    receive: (text) => {
      waiting += text
    },
    settle: (masks, settled) => {
      for (const one of masks) mark(one)
      if (settled > at) countTo(settled)
    },
    isSettled: (offset) => isOver || offset <= counted,
    finish: () => {
      isOver = true
    },
    shown: (offset, side) => moved(marks, offset, side, FORWARD),
    original: (offset, side) => moved(marks, offset, side, BACK),
    quoted: (start, quote) => quotedIn(marks, start, Buffer.from(quote)),
  }
}

type Ends = (mark: Mark) => readonly [start: number, end: number, toStart: number, toEnd: number]
const FORWARD: Ends = ({ start, end, shownStart, shownEnd }) => [start, end, shownStart, shownEnd]
const BACK: Ends = ({ start, end, shownStart, shownEnd }) => [shownStart, shownEnd, start, end]

function moved(marks: readonly Mark[], offset: number, side: 'start' | 'end', ends: Ends): number {
  const at = firstNot(marks, (mark) => {
    const [start, end] = ends(mark)
    // A mask of which nothing is shown lies behind the place at which it stands.
    return start < offset && end <= offset
  })
  const [mark, before] = [marks[at], marks[at - 1]]
  if (mark !== undefined) {
    const [start, , toStart, toEnd] = ends(mark)
    if (offset > start) return side === 'start' ? toStart : toEnd
  }
  if (before === undefined) return offset
  const [, end, , toEnd] = ends(before)
  return offset + toEnd - end
}

/** Number of the first mark of which `isBefore` does not hold; it holds of those in front of it. */
function firstNot(marks: readonly Mark[], isBefore: (mark: Mark) => boolean): number {
  let low = 0
  let high = marks.length
  while (low < high) {
    const middle = (low + high) >> 1
    const mark = marks[middle]
    if (mark !== undefined && isBefore(mark)) low = middle + 1
    else high = middle
  }
  return low
}

function quotedIn(marks: readonly Mark[], start: number, quote: Buffer): string | null {
  const end = start + quote.length
  const inside: Mark[] = []
  for (let at = firstNot(marks, (mark) => mark.end <= start); at < marks.length; at += 1) {
    const mark = marks[at]
    if (mark === undefined || mark.start >= end) break
    inside.push(mark)
  }
  if (inside.length === 0) return null
  let out = ''
  let from = start
  for (const mark of inside) {
    out += quote.toString('utf8', from - start, Math.max(0, mark.start - start)) + mark.text
    from = Math.min(end, mark.end)
  }
  return out + quote.toString('utf8', from - start)
}

function lengthIn(unit: OffsetUnit, text: string): number {
  if (unit === 'unit') return text.length
  if (unit === 'byte') return Buffer.byteLength(text)
  let pairs = 0
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code >= 0xd800 && code <= 0xdbff) pairs += 1
  }
  return text.length - pairs
}
