/** Knows, while JSON text goes by, whether a string is a key and which key a value belongs to. */

interface Frame {
  readonly kind: 'object' | 'array'
  /** Key of the value that this container is. */
  readonly key: string
}

const DEPTH_MAX = 200

export class JsonStructure {
  #frames: Frame[] = []
  #expectsKey = false
  #key = ''

  get expectsKey(): boolean {
    return this.#expectsKey
  }

  /** Key of the value that comes next, or of the array that it lies in. */
  get key(): string {
    return this.#key
  }

  sawKey(key: string): void {
    this.#key = key
  }

  /** Takes a character outside strings. Text that is no JSON does no harm: only context gets lost. */
  take(char: string): void {
    switch (char) {
      case '{':
      case '[':
        if (this.#frames.length < DEPTH_MAX) {
          this.#frames.push({ kind: char === '{' ? 'object' : 'array', key: this.#key })
        }
        this.#expectsKey = char === '{'
        if (char === '{') this.#key = ''
        return
      case '}':
      case ']':
        this.#key = this.#frames.pop()?.key ?? ''
        this.#expectsKey = false
        return
      case ',': {
        const frame = this.#frames.at(-1)
        this.#expectsKey = frame?.kind === 'object'
        this.#key = frame?.kind === 'array' ? frame.key : ''
        return
      }
      case ':':
        this.#expectsKey = false
    }
  }
}
