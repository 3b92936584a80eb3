/** Reads TOML as far as an edit needs it: where each key and each table header stands; says why it cannot. */

export interface TomlStatement {
  readonly kind: 'key' | 'table'
  /** From the top: a key below a header has the header's names in front. */
  readonly path: readonly string[]
  readonly start: number
  /** Of a key: where its value begins. */
  readonly valueStart: number
  readonly end: number
}

const BLANK = /(?:[ \t\r\n]|#[^\n]*)*/y
const SPACE = /[ \t]*/y
const NAME = /[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y
const LINE_REST = /[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/y
const TEXTS: readonly RegExp[] = [
  /"""(?:[^"\\]|\\[\s\S]|"(?!""))*"""/y,
  /'''(?:[^']|'(?!''))*'''/y,
  /"(?:[^"\\\n]|\\.)*"/y,
  /'[^'\n]*'/y,
]
const PLAIN = /[A-Za-z0-9_+\-.:]+/y
const DEPTH_MAX = 32

/** A text is the reason why there is nothing to read. */
export function readToml(text: string): readonly TomlStatement[] | string {
  let at = 0
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0] ?? null
    if (found !== null) at += found.length
    return found
  }
  const names = (): string[] | null => {
    const found: string[] = []
    for (;;) {
      take(SPACE)
      const name = take(NAME)
      if (name === null) return null
      found.push(/^["']/.test(name) ? name.slice(1, -1) : name)
      take(SPACE)
      if (text[at] !== '.') return found
      at += 1
    }
  }
  const value = (depth: number): boolean => {
    const close = text[at] === '[' ? ']' : text[at] === '{' ? '}' : ''
    if (close === '') return TEXTS.some((pattern) => take(pattern) !== null) || take(PLAIN) !== null
    if (depth > DEPTH_MAX) return false
    at += 1
    take(BLANK)
    while (text[at] !== close) {
      if (close === '}') {
        if (names() === null || text[at] !== '=') return false
        at += 1
        take(SPACE)
      }
      if (!value(depth + 1)) return false
      take(BLANK)
      if (text[at] === ',') at += 1
      else if (text[at] !== close) return false
      take(BLANK)
    }
    at += 1
    return true
  }
  const statements: TomlStatement[] = []
  let table: readonly string[] = []
  const flaw = (): string => `line ${text.slice(0, at).split('\n').length}: this is not understood`
  for (take(BLANK); at < text.length; take(BLANK)) {
    const start = at
    if (text[at] === '[') {
      const brackets = text.startsWith('[[', at) ? 2 : 1
      at += brackets
      const path = names()
      if (path === null || !text.startsWith(']'.repeat(brackets), at)) return flaw()
      at += brackets
      table = path
      statements.push({ kind: 'table', path, start, valueStart: at, end: at })
    } else {
      const path = names()
      if (path === null || text[at] !== '=') return flaw()
      at += 1
      take(SPACE)
      const valueStart = at
      if (!value(0)) return flaw()
      statements.push({ kind: 'key', path: [...table, ...path], start, valueStart, end: at })
    }
    if (take(LINE_REST) === null) return flaw()
  }
  return statements
}
