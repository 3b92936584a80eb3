/** Does at the beginning of the month what an admin does in the console: adds colleagues and makes keys, over the API. */
import type { App } from '../../app/app.ts'
import { API_PREFIX, CSRF_HEADER } from '../../api/contract/common.ts'
import { ACTORS, COLLEAGUES } from './story.ts'

export interface StoryKey {
  readonly id: string
  readonly text: string
}

/** Keys by the name of the actor. */
export async function castOf(app: App): Promise<ReadonlyMap<string, StoryKey>> {
  const post = await admin(app)
  for (const colleague of COLLEAGUES) await post('/people', colleague)
  const keys = new Map<string, StoryKey>()
  for (const [name, { owner, keyName, service }] of Object.entries(ACTORS)) {
    const made = await post('/keys', { name: keyName, owner, service })
    keys.set(name, { id: textAt(made, 'key', 'id'), text: textAt(made, 'text') })
  }
  return keys
}

type Post = (path: string, body: unknown) => Promise<unknown>

async function admin(app: App): Promise<Post> {
  const [, fragment = ''] = (app.loginUrl ?? '').split('#')
  const token = new URLSearchParams(fragment).get('token')
  const login = await send(app, {}, '/login/link', { token })
  const cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  return async (path, body) => {
    const answer = await send(app, { cookie }, path, body)
    return answer.json()
  }
}

async function send(
  app: App,
  headers: Readonly<Record<string, string>>,
  path: string,
  body: unknown,
): Promise<Response> {
  const answer = await fetch(app.adminUrl + API_PREFIX + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [CSRF_HEADER]: '1', ...headers },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}`)
  return answer
}

function textAt(value: unknown, ...path: readonly string[]): string {
  let at: unknown = value
  for (const key of path)
    at = typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined
  if (typeof at !== 'string') throw new Error(`the answer has no ${path.join('.')}`)
  return at
}
