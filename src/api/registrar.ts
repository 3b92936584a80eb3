/** The app that routes register with: each behind the guard of its own operation. */
import { OpenAPIHono } from '@hono/zod-openapi'
import type { RouteConfig } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import type { Operation } from '../identity/permissions.ts'
import type { Owner } from '../incident/exchange-desk.ts'
import { createGuard } from './guard.ts'
import type { ApiEnv, ApiParts } from './parts.ts'
import { invalidFromZod } from './problem.ts'

export interface Registrar {
  readonly app: OpenAPIHono<ApiEnv>
  readonly parts: ApiParts
  readonly guarded: <Route extends RouteConfig & { readonly operation: Operation }>(
    route: Route,
  ) => Route & { readonly middleware: MiddlewareHandler<ApiEnv> }
}

export function createRegistrar(parts: ApiParts): Registrar {
  const guard = createGuard(parts)
  const app = new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalidFromZod(result.error)
    },
  })
  return {
    app,
    parts,
    guarded: (route) => ({ ...route, middleware: guard(route.operation) }),
  }
}

/** What the caller may see of exchanges: null is everything, else only their own. */
export async function ownerOf(context: Context<ApiEnv>, parts: ApiParts): Promise<Owner> {
  if (context.get('reach') === 'all') return null
  const { id, login } = context.get('signedIn').person
  const keys = await parts.keys.list()
  return {
    principals: [login, id],
    keyIds: keys.filter((key) => key.owner === login).map((key) => key.id),
  }
}
