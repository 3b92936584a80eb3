/** Reads JSON with the place of each member in the text; says why it cannot. */

export interface JsonText {
  readonly start: number
  readonly end: number
  /** Null where it is no object. */
  readonly members: readonly JsonMember[] | null
}

export interface JsonMember {
  readonly name: string
  readonly keyStart: number
  readonly value: JsonText
}

const DEPTH_MAX = 64
const WHITE = /[ \t\r\n]*/y
const STRING = /"(?:[^"\\\p{Cc}]|\u007f|[\u0080-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy
const OTHER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

/** A text is the reason why there is nothing to read. */
export function readJsonText(text: string): JsonText | string {
  let at = text.startsWith('\ufeff') ? 1 : 0
  let problem = ''
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0] ?? null
    if (found !== null) at += found.length
    return found
  }
  const flaw = (words: string): null => {
    const line = text.slice(0, at).split('\n').length
    if (problem === '') problem = `line ${line}: ${words}`
    return null
  }
  const white = (): void => {
    take(WHITE)
  }
  const value = (depth: number): JsonText | null => {
    const start = at
    const mark = text[at]
    if (depth > DEPTH_MAX) return flaw('it is nested too deep')
    if (mark === '{') return object(start, depth)
    if (mark === '[') return array(start, depth)
    if ((take(STRING) ?? take(OTHER)) === null)
      return flaw(mark === '/' ? 'comments are not understood' : 'this is no JSON')
    return { start, end: at, members: null }
  }
  const object = (start: number, depth: number): JsonText | null => {
    const members: JsonMember[] = []
    const names = new Set<string>()
    at += 1
    white()
    while (text[at] !== '}') {
      const keyStart = at
      const key = take(STRING)
      if (key === null)
        return flaw(text[at] === '/' ? 'comments are not understood' : 'this is no JSON')
      const name = String(JSON.parse(key))
      if (names.has(name)) return flaw('a name stands twice')
      names.add(name)
      white()
      if (text[at] !== ':') return flaw('this is no JSON')
      at += 1
      white()
      const inner = value(depth + 1)
      if (inner === null) return null
      members.push({ name, keyStart, value: inner })
      white()
      if (text[at] === '}') break
      if (text[at] !== ',') return flaw('this is no JSON')
      at += 1
      white()
      if (text[at] === '}') return flaw('a comma too many')
    }
    at += 1
    return { start, end: at, members }
  }
  const array = (start: number, depth: number): JsonText | null => {
    at += 1
    white()
    while (text[at] !== ']') {
      if (value(depth + 1) === null) return null
      white()
      if (text[at] === ']') break
      if (text[at] !== ',') return flaw('this is no JSON')
      at += 1
      white()
      if (text[at] === ']') return flaw('a comma too many')
    }
    at += 1
    return { start, end: at, members: null }
  }
  white()
  const root = value(0)
  white()
  if (root !== null && at < text.length) flaw('something follows the end')
  return problem === '' && root !== null ? root : problem
}
