/** Cuts the text of a stream into whole events and puts changed data back into them. */
import type { StreamFraming } from '../../model/dialect.ts'

export interface SplitText {
  /** Each with what ends it. */
  readonly events: readonly string[]
  readonly rest: string
}

/** WHATWG HTML 9.2.6: a blank line ends an event. A line end that may go on (`\r`) waits. */
const EVENT_END = /\r\n\r\n|\n\n|\r\r(?!$)|\n\r\n|\r\n\n/g
const LINE_END = /\n/g
/** Units of the longest end. */
const END_UNITS_MAX = 4

/** `seen`: so many units were looked at before, as the rest of another call, and end no event. */
export function splitEvents(framing: StreamFraming, text: string, seen = 0): SplitText {
  const end = new RegExp(framing === 'ndjson' ? LINE_END : EVENT_END)
  end.lastIndex = Math.max(0, seen - END_UNITS_MAX + 1)
  const events: string[] = []
  let from = 0
  for (let found = end.exec(text); found !== null; found = end.exec(text)) {
    events.push(text.slice(from, end.lastIndex))
    from = end.lastIndex
  }
  return { events, rest: text.slice(from) }
}

export interface EventData {
  readonly text: string
  /** The event with other data in the place of its own. */
  readonly with: (data: string) => string
}

/** Null for events without data (comments, blank lines). */
export function eventData(framing: StreamFraming, event: string): EventData | null {
  return framing === 'ndjson' ? lineData(event) : sseData(event)
}

function lineData(event: string): EventData | null {
  const text = event.trim()
  if (text === '') return null
  const at = event.indexOf(text)
  return {
    text,
    with: (data) => event.slice(0, at) + data + event.slice(at + text.length),
  }
}

const LINE = /([^\r\n]*)(\r\n|\r|\n|$)/g

function sseData(event: string): EventData | null {
  const lines = [...event.matchAll(LINE)].filter((line) => line[0] !== '')
  const isData = (line: string): boolean => /^\uFEFF?data(?::|$)/.test(line)
  const found = lines.filter((line) => isData(line[1] ?? ''))
  const [first] = found
  if (first === undefined) return null
  const text = found.map((line) => (line[1] ?? '').replace(/^\uFEFF?data:? ?/, '')).join('\n')
  return {
    text,
    with: (data) => {
      if (data === text) return event
      let out = ''
      for (const line of lines) {
        const [whole, content = '', end = ''] = line
        if (!isData(content)) out += whole
        else if (line === first)
          out += data
            .split('\n')
            .map((part) => `data: ${part}${end}`)
            .join('')
      }
      return out
    },
  }
}

/** The smallest part of `from` whose replacement gives `to`. */
export function changedPart(
  from: string,
  to: string,
): { readonly start: number; readonly end: number; readonly text: string } {
  let start = 0
  const most = Math.min(from.length, to.length)
  while (start < most && from.charCodeAt(start) === to.charCodeAt(start)) start += 1
  let back = 0
  while (
    back < most - start &&
    from.charCodeAt(from.length - 1 - back) === to.charCodeAt(to.length - 1 - back)
  )
    back += 1
  // Never between the halves of a surrogate pair: offsets are counted in bytes.
  while (start > 0 && isLow(from, start)) start -= 1
  while (back > 0 && isLow(from, from.length - back)) back -= 1
  return { start, end: from.length - back, text: to.slice(start, to.length - back) }
}

function isLow(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  return unit >= 0xdc00 && unit <= 0xdfff
}
