/** Stands before every operation: who is it, from where, may they, how often; and sees that it was audited. */
import type { Context, MiddlewareHandler } from 'hono'
import type { Operation, Permission } from '../identity/permissions.ts'
import { permissionOf, reachOf } from '../identity/permissions.ts'
import type { SignedIn } from '../identity/signed-in.ts'
import { signedInByCookie, signedInByToken } from '../identity/signed-in.ts'
import { GatewayError, fail } from '../model/errors.ts'
import { CallAudit } from './call-audit.ts'
import { BACKGROUND_HEADER, TOOL_HEADER } from './contract/common.ts'
import type { ApiEnv, ApiParts } from './parts.ts'
import { RateLimit } from './rate-limit.ts'
import { refuseCrossSite } from './same-site.ts'
import { readSessionCookie } from './session-cookie.ts'

const PER_PERSON = { burst: 300, perSecond: 50 }
/** Calls of nobody we know: wrong tokens, ended sessions. */
const PER_STRANGER = { burst: 60, perSecond: 1 }
/** Links cannot be guessed; this keeps a stranger from making us look them up all day. */
const PER_LOGIN_ADDRESS = { burst: 30, perSecond: 0.5 }
/** Steps of logins at a provider: a whole office comes from one address at nine in the morning. */
const PER_PROVIDER_ADDRESS = { burst: 200, perSecond: 5 }

const TOOL_CHARS_MAX = 40

export type Guard = (operation: Operation) => MiddlewareHandler<ApiEnv>

export function createGuard(parts: ApiParts): Guard {
  const { clock } = parts
  const people = new RateLimit(clock, PER_PERSON)
  const strangers = new RateLimit(clock, PER_STRANGER)
  const logins = new RateLimit(clock, PER_LOGIN_ADDRESS)
  const providers = new RateLimit(clock, PER_PROVIDER_ADDRESS)
  const limit = (context: Context<ApiEnv>, rate: RateLimit, name: string): void => {
    const seconds = rate.take(name)
    if (seconds === 0) return
    context.header('retry-after', String(seconds))
    throw fail('api.rate')
  }
  const known = async (context: Context<ApiEnv>, operation: Operation): Promise<SignedIn> => {
    const isBackground = context.req.header(BACKGROUND_HEADER) !== undefined
    try {
      return await signedIn(context, parts, !operation.endsWith('.live') && !isBackground)
    } catch (error) {
      limit(context, strangers, context.get('address'))
      throw error
    }
  }
  return (operation) => {
    const permission = permissionOf(operation)
    return async (context, next) => {
      const audit = new CallAudit(
        { clock, table: parts.control.audit, note: parts.note, onFault: parts.onFault },
        { operation, address: context.get('address') },
      )
      context.set('audit', audit)
      const tool = toolOf(context)
      if (tool !== null) audit.add({ details: { tool } })
      if (permission.isPublic === true) {
        const isFromProvider = permission.isFromProvider === true
        if (isFromProvider) limit(context, providers, context.get('address'))
        else if (context.req.method !== 'GET') {
          refuseCrossSite(context)
          limit(context, logins, context.get('address'))
        }
      } else {
        const who = await known(context, operation)
        audit.by(who)
        limit(context, people, who.person.id)
        const reach = reachOf(operation, who.roles)
        if (reach === null) {
          audit.add({ target: context.req.param('id') ?? '' })
          await audit.ended('denied')
          throw fail('api.forbidden')
        }
        context.set('signedIn', who)
        context.set('reach', reach)
      }
      await next()
      await settle(context, audit, permission)
    }
  }
}

/** Null for a call that no tool made. */
function toolOf(context: Context<ApiEnv>): string | null {
  const tool = context.req.header(TOOL_HEADER)
  return tool === undefined ? null : tool.replaceAll(/[^\w.-]/g, '').slice(0, TOOL_CHARS_MAX)
}

async function settle(
  context: Context<ApiEnv>,
  audit: CallAudit,
  permission: Permission,
): Promise<void> {
  const isByTool = toolOf(context) !== null
  if ((permission.audit === 'none' && !isByTool) || audit.hasEnded) return
  const { status } = context.res
  if (status < 400) {
    if (permission.audit === 'none') {
      if (!audit.wasShown)
        await audit.shown({ details: { asked: Object.keys(context.req.query()).join(' ') } })
      return
    }
    if (permission.audit === 'write') await audit.ended('done')
    else if (!audit.wasShown) throw new Error('evidence was shown without an audit event')
    return
  }
  const code = context.error instanceof GatewayError ? context.error.code : `http-${status}`
  audit.add({ details: { code } })
  const target = context.req.param('id')
  if (target !== undefined) audit.add({ target })
  await audit.ended(status === 401 || status === 403 || status === 404 ? 'denied' : 'failed')
}

/** Who calls, as of now. Throws `api.unauthenticated`. */
export async function signedIn(
  context: Context<ApiEnv>,
  parts: ApiParts,
  isActivity: boolean,
): Promise<SignedIn> {
  const bearer = bearerOf(context.req.header('authorization'))
  const cookie = readSessionCookie(context.req.header('cookie'))
  // Two proofs, perhaps of two people: which of them acts must not depend on our order of looking.
  if (bearer !== null && cookie !== null) throw fail('identity.conflicting')
  const { people, loginSessions, tokens } = parts.control
  const tables = { people, loginSessions, tokens }
  let who: SignedIn | null = null
  if (bearer !== null) who = await signedInByToken(tables, parts.clock, bearer)
  else if (cookie !== null) who = await signedInByCookie(tables, parts.clock, cookie, isActivity)
  if (who === null) throw fail('api.unauthenticated')
  if (who.authentication === 'login-session') refuseCrossSite(context)
  return who
}

function bearerOf(header: string | undefined): string | null {
  if (header === undefined) return null
  const match = /^Bearer +(\S+) *$/i.exec(header)
  return match?.[1] ?? ''
}
