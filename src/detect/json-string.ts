/** Decodes the inside of a JSON string unit by unit and remembers how each unit was spelled. */

/** A run of units with its spelling. Plain runs are spelled as themselves and can be cut anywhere. */
interface Piece {
  readonly units: number
  readonly raw: string
}

const SIMPLE: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

const FORGET_MIN = 64

export class JsonStringSpelling {
  #pieces: Piece[] = []
  /** Pieces before it have been taken. */
  #next = 0
  /** An escape that is not complete. */
  #escape = ''
  #units = 0
  #rawLength: number
  /** Where escapes end: unit number and raw offset from there on. */
  readonly #anchors: (readonly [unit: number, raw: number])[] = []

  /** `rawStart` is the raw offset of the first character after the opening quote. */
  constructor(rawStart: number) {
    this.#rawLength = rawStart
    this.#anchors.push([0, rawStart])
  }

  get inEscape(): boolean {
    return this.#escape !== ''
  }

  /** Takes characters that stand for themselves. */
  plain(raw: string): string {
    this.#pieces.push({ units: raw.length, raw })
    this.#units += raw.length
    this.#rawLength += raw.length
    return raw
  }

  /** Takes a character of an escape; returns what became certain. An escape that JSON does not know stands for itself. */
  escaped(char: string): string {
    this.#escape += char
    const text = this.#escape
    if (
      text.length === 1 ||
      (text.startsWith('\\u') && text.length < 6 && /^\\u[0-9A-Fa-f]*$/.test(text))
    )
      return ''
    this.#escape = ''
    const simple = text.length === 2 ? SIMPLE[char] : undefined
    if (simple !== undefined) return this.#spelled(simple, text)
    if (/^\\u[0-9A-Fa-f]{4}$/.test(text)) {
      return this.#spelled(String.fromCharCode(Number.parseInt(text.slice(2), 16)), text)
    }
    return this.plain(text)
  }

  #spelled(unit: string, raw: string): string {
    this.#pieces.push({ units: 1, raw })
    this.#units += 1
    this.#rawLength += raw.length
    this.#anchors.push([this.#units, this.#rawLength])
    return unit
  }

  /** What an unfinished escape consists of; it stands for itself. */
  flush(): string {
    const text = this.#escape
    this.#escape = ''
    return text === '' ? '' : this.plain(text)
  }

  /** Takes the spelling of the next `units` units away. */
  take(units: number): string {
    let raw = ''
    let left = units
    while (left > 0) {
      const piece = this.#pieces[this.#next]
      if (piece === undefined) break
      if (piece.units <= left) {
        raw += piece.raw
        left -= piece.units
        this.#next += 1
      } else {
        raw += piece.raw.slice(0, left)
        this.#pieces[this.#next] = { units: piece.units - left, raw: piece.raw.slice(left) }
        left = 0
      }
    }
    this.#forgetTaken()
    return raw
  }

  /** Threat: text that is all escapes has a piece for each; moving them up one by one would cost their square. */
  #forgetTaken(): void {
    if (this.#next < FORGET_MIN || this.#next * 2 < this.#pieces.length) return
    this.#pieces = this.#pieces.slice(this.#next)
    this.#next = 0
  }

  /** Raw offset at which the unit begins. */
  rawOffset(unit: number): number {
    let low = 0
    let high = this.#anchors.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#anchors[middle]?.[0] ?? 0) <= unit) low = middle + 1
      else high = middle
    }
    const anchor = this.#anchors[low - 1]
    return anchor === undefined ? 0 : anchor[1] + unit - anchor[0]
  }
}

/** Text as the inside of a JSON string. */
export function escapeJson(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}
