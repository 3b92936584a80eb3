/** How events leave: what every sender promises, and the rules that those over HTTP share. */
import type { SinkEvent } from './sink-event.ts'

/**
 * - `delivered`: the receiver has them, as far as its protocol can say
 * - `refused`: it will never take them as they are
 * - `failed`: not now; they are sent again
 */
export type Sent =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }

export interface Sender {
  /** So many events at most are given at once. */
  readonly batchMax: number
  /** Never rejects. */
  readonly send: (events: readonly SinkEvent[], signal: AbortSignal) => Promise<Sent>
}

export const DELIVERED: Sent = { kind: 'delivered' }

const TIMEOUT_MS = 30_000
const ANSWER_CHARS_MAX = 1_000_000
/** What is wrong lies in the event. Everything else (credentials, addresses, load) may be put right. */
const REFUSALS: ReadonlySet<number> = new Set([400, 413, 415, 422])

export interface Posted {
  readonly sent: Sent
  readonly text: string
}

/** Redirects are not followed: one could lead credentials and events elsewhere. */
export async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
  method: 'POST' | 'PUT' = 'POST',
): Promise<Posted> {
  try {
    const answer = await fetch(url, {
      method,
      redirect: 'manual',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    const text = (await answer.text()).slice(0, ANSWER_CHARS_MAX)
    if (answer.ok) return { sent: DELIVERED, text }
    const kind = REFUSALS.has(answer.status) ? 'refused' : 'failed'
    return { sent: { kind, reason: `status ${answer.status}` }, text }
  } catch (error) {
    return { sent: { kind: 'failed', reason: reasonOf(error) }, text: '' }
  }
}

/** A code or a name: messages of the network may hold addresses with credentials. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  if (cause instanceof Error && 'code' in cause) return String(cause.code)
  return cause instanceof Error ? cause.name : 'unknown'
}
