/** Follows JSON text that may hold JSON in its strings, and says in how many strings, one inside the other, a place lies. */

/** Deeper is taken for text: nobody writes it, and every level doubles the backslashes. */
const LEVELS_MAX = 12

export class JsonLevel {
  /** 0 outside of strings. */
  level = 0
  /** For each open string: whether it began as JSON does. */
  #isJson: readonly boolean[] = []
  /** Backslashes right before. */
  #backslashes = 0
  /** True at the first unit of a string. */
  #isFirst = false

  take(text: string): void {
    for (let at = 0; at < text.length; at += 1) {
      const char = text.charAt(at)
      if (char === '\\') {
        this.#backslashes += 1
        continue
      }
      if (char === '"') this.#quote(this.#backslashes)
      else if (this.#isFirst) this.#begin(char === '{' || char === '[')
      this.#backslashes = 0
    }
  }

  /** Each level takes half of the backslashes: an odd one belongs to the quote, and hands it to the level inside. */
  #quote(backslashes: number): void {
    if (this.#isFirst) this.#begin(false)
    let before = backslashes
    for (let level = 1; level <= this.level; level += 1) {
      if (before % 2 === 0) {
        this.level = level - 1
        return
      }
      if (this.#isJson[level - 1] !== true) return
      before = (before - 1) / 2
    }
    if (this.level >= LEVELS_MAX) return
    this.level += 1
    this.#isFirst = true
  }

  #begin(isJson: boolean): void {
    this.#isFirst = false
    this.#isJson = [...this.#isJson.slice(0, this.level - 1), isJson]
  }
}

/** `value` as the inside of that many strings, one in the other. */
export function escapedFor(value: string, levels: number): string {
  let text = value
  for (let level = 0; level < levels; level += 1) text = JSON.stringify(text).slice(1, -1)
  return text
}
