/** Sends a few bytes to somebody outside over HTTP: with a deadline, without redirects, with a bound on the answer. */
const DEADLINE_MS = 10_000
const ANSWER_BYTES_MAX = 1024 * 1024

export interface Posted {
  readonly status: number
  readonly body: Buffer
}

export interface PostRequest {
  readonly method: 'POST' | 'PUT'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Rejects when nobody answers in time. */
export async function post({ method, url, headers, body }: PostRequest): Promise<Posted> {
  const answer = await fetch(url, {
    method,
    headers,
    body: new Uint8Array(body),
    // A redirect would carry the Authorization header elsewhere.
    redirect: 'manual',
    signal: AbortSignal.timeout(DEADLINE_MS),
  })
  const parts: Buffer[] = []
  let length = 0
  for await (const part of answer.body ?? []) {
    length += part.length
    if (length > ANSWER_BYTES_MAX) throw new Error(`${url} answers with too many bytes`)
    parts.push(Buffer.from(part))
  }
  return { status: answer.status, body: Buffer.concat(parts) }
}
