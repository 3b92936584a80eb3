/** What every route of SCIM is given: the app, who calls, how to answer, and the trail. */
import type { Context, Hono } from 'hono'
import type { Attributes } from '../../identity/scim/attributes.ts'
import type { ScimParts } from '../../identity/scim/scim-users.ts'
import type { ScimClientRow } from '../../model/scim.ts'
import type { ApiEnv } from '../parts.ts'

export const SCIM_PREFIX = '/scim/v2'

export interface ScimEnv extends ApiEnv {
  Variables: ApiEnv['Variables'] & { client: ScimClientRow }
}

export interface ScimDoor {
  readonly app: Hono<ScimEnv>
  readonly parts: ScimParts
  readonly base: () => string
  readonly json: (
    context: Context<ScimEnv>,
    body: Attributes,
    status?: 200 | 201,
    etag?: string,
  ) => Response
  readonly body: (context: Context<ScimEnv>) => Promise<Attributes>
  /** In the trail: which client did what to whom. */
  readonly audit: (context: Context<ScimEnv>, deed: string, target: string) => Promise<void>
}
