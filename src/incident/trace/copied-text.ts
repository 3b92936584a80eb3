/** Copies a text with some stretches of it replaced, and knows where each character of the copy came from. */

export interface Reread {
  readonly text: string
  /** Offset in the given text of the character at an offset of this one. */
  readonly origin: (at: number) => number
}

/** A text that is copied but for some stretches. */
export class CopiedText {
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

  end(): Reread {
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
