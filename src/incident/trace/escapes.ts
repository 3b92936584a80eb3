/** Undoes the escapes of JSON strings, however often a text was put into JSON, and knows where each character came from. */
import { CopiedText, type Reread } from './copied-text.ts'

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

const same = (at: number): number => at

/** A run of backslashes counts as one: text in JSON in JSON reads like the text. */
export function unescaped(text: string): Reread {
  if (!text.includes('\\')) return { text, origin: same }
  const first = text.includes('u005') ? withoutSpelled(text) : { text, origin: same }
  const second = withoutEscapes(first.text)
  return { text: second.text, origin: (at) => first.origin(second.origin(at)) }
}

function withoutSpelled(text: string): Reread {
  const copy = new CopiedText(text)
  for (const match of text.matchAll(SPELLED_BACKSLASH)) {
    copy.replace(match.index, match.index + match[0].length, '\\')
  }
  return copy.end()
}

function withoutEscapes(text: string): Reread {
  const copy = new CopiedText(text)
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
