/** The texts that lie in recorded bytes: the bytes themselves, and what they hold in base64. */
import { unescaped } from './escapes.ts'
import { base64Runs, holdsText } from './normalise.ts'

export interface TextPiece {
  readonly text: string
  /** Maps an offset in the text to one in the outermost text. */
  readonly outer: (at: number) => number
  /** How it lay there. */
  readonly spelling: 'plain' | 'base64'
}

const BASE64_MIN = 40
/** Words with no such sign are words. */
const UNLIKE_WORDS = /\d|[+/_-]/
const DEPTH_MAX = 2
const PIECES_MAX = 200
const BAD = '\uFFFD'
/** Text of this share of control characters is none. */
const BINARY_SHARE = 0.02

/** Null when the bytes are no text. */
export function textOf(bytes: Buffer): string | null {
  const head = bytes.subarray(0, 4096)
  if (head.includes(0)) return null
  const text = bytes.toString('utf8')
  let odd = 0
  for (let at = text.indexOf(BAD); at >= 0 && at < 4096; at = text.indexOf(BAD, at + 1)) odd += 1
  return odd > head.length * BINARY_SHARE ? null : text
}

/** Of an upload or an answer, text beyond this is not looked at. */
export const TEXT_BYTES_MAX = 32 * 1024 * 1024

/** Undoes a content encoding; null when it cannot be undone. */
export type Decoding = (encoding: string, bytes: Buffer) => Promise<Buffer | null>

export async function decodedText(
  decode: Decoding,
  encoding: string | null,
  bytes: Buffer,
): Promise<string | null> {
  const plain = encoding === null ? bytes : await decode(encoding, bytes)
  return plain === null ? null : textOf(plain.subarray(0, TEXT_BYTES_MAX))
}

/** The first piece is the whole text, unescaped. */
export function textPieces(text: string): readonly TextPiece[] {
  const plain = unescaped(text)
  const pieces: TextPiece[] = [{ text: plain.text, outer: plain.origin, spelling: 'plain' }]
  unpack(plain.text, plain.origin, DEPTH_MAX, pieces)
  return pieces
}

function unpack(
  text: string,
  outer: (at: number) => number,
  depth: number,
  pieces: TextPiece[],
): void {
  if (depth === 0) return
  for (const [index, end] of base64Runs(text, BASE64_MIN)) {
    if (pieces.length >= PIECES_MAX) return
    const run = text.slice(index, end)
    if (!UNLIKE_WORDS.test(run) || !holdsText(run)) continue
    const bytes = Buffer.from(run, 'base64')
    const raw = textOf(bytes)
    if (raw === null || raw.length < 16 || raw.includes(BAD)) continue
    const { text: inner, origin } = unescaped(raw)
    const at = (offset: number): number =>
      outer(index + Math.min(run.length, Math.floor((byteAt(raw, origin(offset)) * 4) / 3)))
    pieces.push({ text: inner, outer: at, spelling: 'base64' })
    unpack(inner, at, depth - 1, pieces)
  }
}

function byteAt(text: string, offset: number): number {
  return Buffer.byteLength(text.slice(0, offset))
}
