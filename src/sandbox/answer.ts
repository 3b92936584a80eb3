/** What a renderer hands over for sending: either one body, or a stream cut into the events the dialect would send. */

export interface WholeAnswer {
  readonly kind: 'whole'
  readonly status: number
  /** Lower-case names, includes content-type; not content-length. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Milliseconds to wait before the headers, so that a slow model is slow without streaming too. */
  readonly delayMs: number
}

export interface StreamedAnswer {
  readonly kind: 'stream'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly pieces: readonly Piece[]
  /** Milliseconds between two paced pieces. */
  readonly intervalMs: number
  /** What a broken provider would put between two events of this framing. */
  readonly garbage: Buffer
  /** How the dialect tells of a failure after the stream has begun. */
  readonly failure: Buffer
}

export type Answer = WholeAnswer | StreamedAnswer

/** One event on the wire. Only the events that carry model output are paced. */
export interface Piece {
  readonly bytes: string | Buffer
  readonly paced: boolean
}

export function jsonAnswer(
  value: unknown,
  options: { readonly status?: number; readonly delayMs?: number } = {},
): WholeAnswer {
  return {
    kind: 'whole',
    status: options.status ?? 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(value)),
    delayMs: options.delayMs ?? 0,
  }
}

export function bytesAnswer(contentType: string, body: Buffer): WholeAnswer {
  return { kind: 'whole', status: 200, headers: { 'content-type': contentType }, body, delayMs: 0 }
}
