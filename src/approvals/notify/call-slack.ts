/** Calls a method of Slack's API; what it refuses is told in Slack's own word, such as `channel_not_found`. */
import { parseLoose, textAt, valueAt } from '../../lib/json/loose.ts'
import type { SlackTarget } from '../../model/approval-settings.ts'
import type { Post } from './post.ts'

/** Gives the name of the message, by which it can be rewritten. */
export async function callSlack(
  post: Post,
  { apiUrl, botToken }: SlackTarget,
  method: 'chat.postMessage' | 'chat.update',
  message: object,
): Promise<string | null> {
  const text = await post(
    `${apiUrl}/${method}`,
    {
      'content-type': 'application/json; charset=utf-8',
      authorization: `Bearer ${botToken.reveal()}`,
    },
    JSON.stringify(message),
  )
  const answer = parseLoose(text)
  if (valueAt(answer, 'ok') === true) return textAt(answer, 'ts')
  const word = textAt(answer, 'error') ?? ''
  throw new Error(`Slack refused: ${/^\w{1,60}$/.test(word) ? word : 'no reason is given'}`)
}
