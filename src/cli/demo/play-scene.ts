/** Sends the turns of a scene as its client would: each with the whole context before it. */
import type { Actor, Scene, Turn } from './story.ts'

export interface Stage {
  readonly proxyUrl: string
  readonly key: string
  /** Called before each turn. */
  readonly beforeTurn: (turn: Turn) => void
}

/** Ids of the exchanges, one for each turn. */
export async function playScene(
  { system, turns, stream }: Scene,
  actor: Actor,
  stage: Stage,
): Promise<readonly string[]> {
  const said: { readonly role: 'user' | 'assistant'; readonly content: string }[] = []
  const ids: string[] = []
  for (const turn of turns) {
    stage.beforeTurn(turn)
    said.push({ role: 'user', content: turn.say })
    const { path, body } = callOf(actor, system, said, stream)
    const answer = await fetch(stage.proxyUrl + path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${stage.key}`,
        'content-type': 'application/json',
        'user-agent': actor.userAgent,
        ...(actor.dialect === 'anthropic' ? { 'anthropic-version': '2023-06-01' } : {}),
      },
      body: JSON.stringify(body),
    })
    await answer.arrayBuffer()
    const id = answer.headers.get('x-custody-exchange')
    if (id === null) throw new Error(`the gateway answered ${answer.status} without an exchange`)
    ids.push(id)
    said.push({ role: 'assistant', content: turn.answer })
  }
  return ids
}

function callOf(
  { dialect, model }: Actor,
  system: string,
  said: readonly object[],
  stream: boolean,
): { readonly path: string; readonly body: object } {
  if (dialect === 'anthropic')
    return {
      path: '/anthropic/v1/messages',
      body: { model, max_tokens: 1024, stream, system, messages: said },
    }
  return {
    path: '/openai/v1/chat/completions',
    body: {
      model,
      stream,
      ...(stream ? { stream_options: { include_usage: true } } : {}),
      messages: [{ role: 'system', content: system }, ...said],
    },
  }
}
