/** Follows a text that may be JSON by itself (`response_format`), and says in how many of its strings a place lies. */
import { beginsAsJson } from '../../detect/either-matcher.ts'
import { JsonLevel } from './json-level.ts'

/** What JSON has between strings and brackets: white space, quotes, numbers, `true`, `false`, `null`. */
const OUTSIDE = /[\s:,"0-9.+\-eEtrufalsn]/

export class TextLevel {
  #state: 'blank' | 'json' | 'text' = 'blank'
  readonly #strings = new JsonLevel()
  #depth = 0

  /** 0 in text that is no JSON, and outside of strings. */
  get level(): number {
    return this.#state === 'json' ? this.#strings.level : 0
  }

  take(text: string): void {
    for (let at = 0; at < text.length && this.#state !== 'text'; at += 1) {
      const char = text.charAt(at)
      if (this.#state === 'blank') {
        if (/\s/.test(char)) continue
        this.#state = beginsAsJson(char) ? 'json' : 'text'
      }
      const isOutside = this.#strings.level === 0
      this.#strings.take(char)
      if (isOutside) this.#outside(char)
    }
  }

  /** Text behind the document, or within it where none can be, shows that all of it is text. */
  #outside(char: string): void {
    if (char === '{' || char === '[') this.#depth += 1
    else if (this.#depth === 0) this.#state = /\s/.test(char) ? 'json' : 'text'
    else if (char === '}' || char === ']') this.#depth -= 1
    else if (!OUTSIDE.test(char)) this.#state = 'text'
  }
}
