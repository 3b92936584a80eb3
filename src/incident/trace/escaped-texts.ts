/** Reads text of which some bytes were written by their numbers: `%C3%A4` of URLs, `=C3=A4` of mail, `\xc3\xa4` of programs. */
import { CopiedText } from './copied-text.ts'
import { CONTROL, type EncodedText } from './encoded-text.ts'

/** Escapes with less text between them are read together, with as much text around them. */
const APART = 400
/** The sign itself, a letter of two bytes in UTF-8, or a line that goes on: one of them is in all that mail programs write so. */
const MAIL = /=3D|=[C-F][0-9A-F]=[89AB][0-9A-F]|=[ \t]*\r?\n/

interface Escaping {
  readonly spelling: EncodedText['spelling']
  readonly sign: string
  /** One of them, or a break of a line that stands for nothing. */
  readonly escape: RegExp
  readonly isMeant: (stretch: string, bytes: number) => boolean
}

const ESCAPINGS: readonly Escaping[] = [
  {
    spelling: 'percent',
    sign: '%',
    escape: /%[0-9A-Fa-f]{2}/y,
    isMeant: (_stretch, bytes) => bytes > 1,
  },
  {
    spelling: 'escapes',
    sign: '\\x',
    escape: /\\x[0-9A-Fa-f]{2}/y,
    isMeant: () => true,
  },
  {
    spelling: 'quoted-printable',
    sign: '=',
    escape: /=(?:[0-9A-F]{2}|[ \t]*(?:\r\n|\n{1,2}))/y,
    isMeant: (stretch) => MAIL.test(stretch),
  },
]

export function* escapedTexts(text: string): Generator<EncodedText, void> {
  for (const escaping of ESCAPINGS) {
    for (const group of groupsOf(text, escaping)) {
      const found = read(text, group, escaping)
      if (found !== null) yield found
    }
  }
}

/** Escapes in a row, or one break of a line. */
interface Run {
  readonly at: number
  readonly end: number
  readonly isBreak: boolean
}

function groupsOf(text: string, { sign, escape }: Escaping): readonly Run[][] {
  const groups: Run[][] = []
  let last = -APART
  for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, Math.max(at + 1, last))) {
    const run = runAt(text, at, escape)
    if (run === null) continue
    if (groups.length === 0 || at - last > APART) groups.push([])
    groups.at(-1)?.push(run)
    last = run.end
  }
  return groups
}

function runAt(text: string, at: number, escape: RegExp): Run | null {
  let end = at
  for (;;) {
    escape.lastIndex = end
    const found = escape.exec(text)?.[0]
    if (found === undefined) break
    const isBreak = /\s/.test(found)
    if (isBreak && end > at) break
    end += found.length
    if (isBreak) return { at, end, isBreak }
  }
  return end === at ? null : { at, end, isBreak: false }
}

function read(
  text: string,
  runs: readonly Run[],
  { spelling, sign, isMeant }: Escaping,
): EncodedText | null {
  const start = Math.max(0, (runs[0]?.at ?? 0) - APART)
  const stretch = text.slice(start, (runs.at(-1)?.end ?? 0) + APART)
  const width = sign.length + 2
  const bytes =
    runs.reduce((sum, { at, end, isBreak }) => sum + (isBreak ? 0 : end - at), 0) / width
  if (bytes === 0 || !isMeant(stretch, bytes)) return null
  const copy = new CopiedText(stretch)
  for (const { at, end, isBreak } of runs) {
    if (isBreak) copy.replace(at - start, end - start, '')
    else {
      for (const [from, to, character] of charactersOf(text.slice(at, end), width)) {
        copy.replace(at - start + from, at - start + to, character)
      }
    }
  }
  const { text: decoded, origin } = copy.end()
  return { spelling, text: decoded, origin: (at) => start + origin(at) }
}

/** Of UTF-8, or of Latin-1 where it is none; controls stay as they are written. */
function* charactersOf(
  run: string,
  width: number,
): Generator<readonly [from: number, to: number, character: string], void> {
  const bytes = Buffer.from(
    Array.from({ length: run.length / width }, (_, n) =>
      Number.parseInt(run.slice((n + 1) * width - 2, (n + 1) * width), 16),
    ),
  )
  const utf8 = bytes.toString('utf8')
  const isUtf8 = !utf8.includes('\uFFFD')
  let byte = 0
  for (const character of isUtf8 ? utf8 : bytes.toString('latin1')) {
    const size = isUtf8 ? Buffer.byteLength(character) : 1
    if (!CONTROL.test(character)) yield [byte * width, (byte + size) * width, character]
    byte += size
  }
}
