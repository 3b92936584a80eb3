/** Undoes the escapes of JSON strings, however often a text was put into JSON, and knows where each character came from. */

const ESCAPE = /\\+(?:u([0-9a-fA-F]{4})|([nrtbf"/]))?/g
/** A backslash that some encoder spelled by its number. */
const SPELLED_BACKSLASH = /\\+u005[cC]/g
const MEANING: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\n',
  t: '\t',
  b: ' ',
  f: ' ',
  '"': '"',
  '/': '/',
}

export interface Unescaped {
  readonly text: string
  /** Offset in the given text of the character at an offset of the unescaped one. */
  readonly origin: (at: number) => number
}

const same = (at: number): number => at

/** A run of backslashes counts as one: text in JSON in JSON reads like the text. */
export function unescaped(text: string): Unescaped {
  if (!text.includes('\\')) return { text, origin: same }
  const first = SPELLED_BACKSLASH.test(text)
    ? replaced(text, SPELLED_BACKSLASH, () => '\\')
    : { text, origin: same }
  SPELLED_BACKSLASH.lastIndex = 0
  const second = replaced(first.text, ESCAPE, (match) => {
    if (match[1] !== undefined) return String.fromCharCode(Number.parseInt(match[1], 16))
    return match[2] === undefined ? '\\' : (MEANING[match[2]] ?? '')
  })
  return { text: second.text, origin: (at) => first.origin(second.origin(at)) }
}

function replaced(
  text: string,
  pattern: RegExp,
  by: (match: RegExpMatchArray) => string,
): Unescaped {
  let out = ''
  let done = 0
  /** Where a stretch that was copied begins, in the result and in the text. */
  const outStarts: number[] = [0]
  const inStarts: number[] = [0]
  for (const match of text.matchAll(pattern)) {
    out += text.slice(done, match.index)
    outStarts.push(out.length)
    inStarts.push(match.index)
    out += by(match)
    done = match.index + match[0].length
    outStarts.push(out.length)
    inStarts.push(done)
  }
  out += text.slice(done)
  return {
    text: out,
    origin: (at) => {
      let low = 0
      let high = outStarts.length
      while (high - low > 1) {
        const middle = (low + high) >>> 1
        if ((outStarts[middle] ?? 0) <= at) low = middle
        else high = middle
      }
      return (inStarts[low] ?? 0) + at - (outStarts[low] ?? 0)
    },
  }
}
