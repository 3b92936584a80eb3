/** Undoes the escapes of JSON strings, however often a text was put into JSON, and knows where each character came from. */

/** A backslash that some encoder spelled by its number. */
const SPELLED_BACKSLASH = /\\+u005[cC]/g
const HEX = /[0-9a-fA-F]{4}/y
const BACKSLASH = 0x5c
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
  const first = text.includes('u005') ? withoutSpelled(text) : { text, origin: same }
  const second = withoutEscapes(first.text)
  return { text: second.text, origin: (at) => first.origin(second.origin(at)) }
}

function withoutSpelled(text: string): Unescaped {
  const copy = new Copy(text)
  for (const match of text.matchAll(SPELLED_BACKSLASH)) {
    copy.replace(match.index, match.index + match[0].length, '\\')
  }
  return copy.end()
}

function withoutEscapes(text: string): Unescaped {
  const copy = new Copy(text)
  for (let at = text.indexOf('\\'); at >= 0;) {
    let end = at + 1
    while (text.charCodeAt(end) === BACKSLASH) end += 1
    const sign = text[end] ?? ''
    const meaning = MEANING[sign]
    HEX.lastIndex = end + 1
    const hex = sign === 'u' ? HEX.exec(text) : null
    if (hex !== null) {
      end += 5
      copy.replace(at, end, String.fromCharCode(Number.parseInt(hex[0], 16)))
    } else if (meaning !== undefined) {
      end += 1
      copy.replace(at, end, meaning)
    } else copy.replace(at, end, '\\')
    at = text.indexOf('\\', end)
  }
  return copy.end()
}

/** A text that is copied but for some stretches. */
class Copy {
  readonly #text: string
  #out = ''
  #done = 0
  /** Where a stretch that was copied begins, in the result and in the text. */
  readonly #outStarts: number[] = [0]
  readonly #inStarts: number[] = [0]

  constructor(text: string) {
    this.#text = text
  }

  replace(from: number, to: number, by: string): void {
    this.#out += this.#text.slice(this.#done, from)
    this.#mark(from)
    this.#out += by
    this.#done = to
    this.#mark(to)
  }

  end(): Unescaped {
    const text = this.#out + this.#text.slice(this.#done)
    const [outStarts, inStarts] = [this.#outStarts, this.#inStarts]
    return { text, origin: (at) => originOf(outStarts, inStarts, at) }
  }

  #mark(from: number): void {
    this.#outStarts.push(this.#out.length)
    this.#inStarts.push(from)
  }
}

function originOf(outStarts: readonly number[], inStarts: readonly number[], at: number): number {
  let low = 0
  let high = outStarts.length
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if ((outStarts[middle] ?? 0) <= at) low = middle
    else high = middle
  }
  return (inStarts[low] ?? 0) + at - (outStarts[low] ?? 0)
}
