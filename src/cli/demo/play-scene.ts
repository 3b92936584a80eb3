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
  scene: Scene,
  actor: Actor,
  stage: Stage,
): Promise<readonly string[]> {
  const said: object[] = []
  const ids: string[] = []
  for (const [at, turn] of scene.turns.entries()) {
    stage.beforeTurn(turn)
    said.push(...messagesOf(actor, turn, at))
    const { path, body } = callOf(actor, scene, said)
    const answer = await fetch(stage.proxyUrl + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${stage.key}`, ...headersOf(actor, scene) },
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

function headersOf(actor: Actor, { session, job }: Scene): Record<string, string> {
  return {
    'content-type': 'application/json',
    'user-agent': actor.userAgent,
    ...(actor.dialect === 'anthropic' ? { 'anthropic-version': '2023-06-01' } : {}),
    ...(session === undefined
      ? {}
      : {
          'x-claude-code-session-id': `00000000-0000-4000-8000-${String(session).padStart(12, '0')}`,
        }),
    ...(job === undefined
      ? {}
      : { 'x-custody-repository': job.repository, 'x-custody-run': String(job.run) }),
  }
}

/** What the client adds to the context: a question, or the call of a tool and what it gave back. */
function messagesOf({ dialect }: Actor, { say, tool }: Turn, at: number): readonly object[] {
  if (tool === undefined) return [{ role: 'user', content: say }]
  const id = `call_${at}`
  if (dialect === 'anthropic')
    return [
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id, name: tool.name, input: JSON.parse(tool.input) }],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: say }] },
    ]
  const call = { id, type: 'function', function: { name: tool.name, arguments: tool.input } }
  return [
    { role: 'assistant', tool_calls: [call] },
    { role: 'tool', tool_call_id: id, content: say },
  ]
}

const READ_FILE = {
  name: 'read_file',
  description: 'Reads one file of the repository.',
  schema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
} as const

function callOf(
  { dialect, model }: Actor,
  { system, stream, turns }: Scene,
  said: readonly object[],
): { readonly path: string; readonly body: object } {
  const { name, description, schema } = READ_FILE
  const usesTools = turns.some(({ tool }) => tool !== undefined)
  if (dialect === 'anthropic')
    return {
      path: '/anthropic/v1/messages',
      body: {
        model,
        max_tokens: 1024,
        stream,
        system,
        ...(usesTools ? { tools: [{ name, description, input_schema: schema }] } : {}),
        messages: said,
      },
    }
  return {
    path: '/openai/v1/chat/completions',
    body: {
      model,
      stream,
      ...(stream ? { stream_options: { include_usage: true } } : {}),
      ...(usesTools
        ? { tools: [{ type: 'function', function: { name, description, parameters: schema } }] }
        : {}),
      messages: [{ role: 'system', content: system }, ...said],
    },
  }
}
