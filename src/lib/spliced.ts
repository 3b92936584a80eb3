/** Puts replacements into bytes. */

export interface Replacement {
  readonly start: number
  readonly end: number
  readonly with: string
  /** `with` is base64 of bytes that are no text; absent where it is text. */
  readonly encoding?: 'base64'
}

/** The replacements ascend and do not overlap. */
export function spliced(bytes: Buffer, replacements: readonly Replacement[]): Buffer {
  return Buffer.concat(splicedParts(bytes, replacements))
}

/** What `spliced` puts together. */
export function splicedParts(
  bytes: Buffer,
  replacements: readonly Replacement[],
): readonly Buffer[] {
  const parts: Buffer[] = []
  let from = 0
  for (const one of replacements) {
    parts.push(bytes.subarray(from, one.start), replacementBytes(one))
    from = one.end
  }
  parts.push(bytes.subarray(from))
  return parts
}

export function replacementBytes({ with: text, encoding }: Replacement): Buffer {
  return Buffer.from(text, encoding ?? 'utf8')
}
