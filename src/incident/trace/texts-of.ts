/** The texts that lie in recorded bytes: the bytes themselves, and what they hold in base64. */
import { unescaped } from './escapes.ts'
import { holdsText } from './normalise.ts'

export interface TextPiece {
  readonly text: string
  /** Maps an offset in the text to one in the outermost text. */
  readonly outer: (at: number) => number
  /** How it lay there. */
  readonly spelling: 'plain' | 'base64'
}

const BASE64 = /[A-Za-z0-9+/_-]{40,}={0,2}/g
const DEPTH_MAX = 2
const PIECES_MAX = 200
/** Text of this share of control characters is none. */
const BINARY_SHARE = 0.02

/** Null when the bytes are no text. */
export function textOf(bytes: Buffer): string | null {
  const head = bytes.subarray(0, 4096)
  let odd = 0
  if (head.includes(0)) return null
  const text = bytes.toString('utf8')
  for (let at = 0; at < Math.min(text.length, 4096); at += 1) if (text[at] === '\uFFFD') odd += 1
  return odd > head.length * BINARY_SHARE ? null : text
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
  for (const { 0: run, index } of text.matchAll(BASE64)) {
    if (pieces.length >= PIECES_MAX) return
    if (!/\d|[+/_-]/.test(run) || !holdsText(run)) continue
    const bytes = Buffer.from(run, 'base64')
    const raw = textOf(bytes)
    if (raw === null || raw.length < 16 || raw.includes('\uFFFD')) continue
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
