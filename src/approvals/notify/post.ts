/** Posts to a receiver outside: short patience, no redirects, and errors that say what happened without quoting what was sent. */

export type Post = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
) => Promise<string>

const PATIENCE_MS = 10_000
const ANSWER_CHARS_MAX = 64 * 1024

/** Rejects unless the answer is 2xx; gives its text. */
export const post: Post = async (url, headers, body) => {
  const answer = await fetch(url, {
    method: 'POST',
    headers,
    body,
    // Threat: a receiver could send the event, and our signature, on to somebody else.
    redirect: 'manual',
    signal: AbortSignal.timeout(PATIENCE_MS),
  })
  const text = (await answer.text()).slice(0, ANSWER_CHARS_MAX)
  if (!answer.ok) throw new Error(`the receiver answered ${answer.status}`)
  return text
}
