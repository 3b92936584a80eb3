/** The texts that lie in recorded bytes: the bytes themselves, and what they hold under encodings, three levels deep. */
import { base64Texts } from './base64-texts.ts'
import { textOf, type EncodedText, type Spelling } from './encoded-text.ts'
import { unescaped } from './escapes.ts'
import { escapedTexts } from './escaped-texts.ts'
import { hexTexts } from './hex-texts.ts'
import { htmlTexts } from './html-texts.ts'

export interface TextPiece {
  readonly text: string
  /** Maps an offset in the text to one in the outermost text. */
  readonly outer: (at: number) => number
  /** How it lay there. */
  readonly spelling: Spelling
}

/** Each yields what stands in a text under its encoding. */
const DECODERS: readonly ((text: string) => Iterable<EncodedText>)[] = [
  base64Texts,
  hexTexts,
  escapedTexts,
  htmlTexts,
]
const DEPTH_MAX = 3
const PIECES_MAX = 200
/** Threat: encodings in encodings. All pieces together are no longer than the text so many times. */
const GROWTH_MAX = 3
const SMALL_CHARS = 4096

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
  const { text: plain, origin } = unescaped(text)
  const whole: TextPiece = { text: plain, outer: origin, spelling: 'plain' }
  const pieces = [whole]
  unpack(whole, DEPTH_MAX, pieces, { chars: text.length * GROWTH_MAX + SMALL_CHARS })
  return pieces
}

function unpack(
  piece: TextPiece,
  depth: number,
  pieces: TextPiece[],
  left: { chars: number },
): void {
  if (depth === 0) return
  for (const decoder of DECODERS) {
    for (const found of decoder(piece.text)) {
      left.chars -= found.text.length
      if (pieces.length >= PIECES_MAX || left.chars < 0) return
      const { text, origin } = unescaped(found.text)
      const inner: TextPiece = {
        text,
        outer: (at) => piece.outer(found.origin(origin(at))),
        spelling: found.spelling,
      }
      pieces.push(inner)
      unpack(inner, depth - 1, pieces, left)
    }
  }
}
