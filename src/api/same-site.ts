/** Refuses calls that another site makes a browser send (cross-site request forgery). */
import type { Context } from 'hono'
import { fail } from '../model/errors.ts'
import { CSRF_HEADER } from './contract/common.ts'

const SAFE = new Set(['GET', 'HEAD'])

/**
 * Three locks, any of which would do: the cookie is SameSite=Strict; a header that no form can send and no script of
 * another origin may (there is no CORS here); and what the browser itself says of where the call comes from.
 */
export function refuseCrossSite(context: Context): void {
  const { req } = context
  const site = req.header('sec-fetch-site')
  if (site !== undefined && site !== 'same-origin') {
    // Typed into the address bar: only reading.
    if (site !== 'none' || !SAFE.has(req.method)) throw fail('api.cross-site')
  }
  if (SAFE.has(req.method)) return
  if (req.header(CSRF_HEADER) === undefined) throw fail('api.cross-site')
  refuseOtherOrigin(context)
}

/** Threat: a page whose name was made to lead to this machine (DNS rebinding) says of itself where it is from. */
export function refuseOtherOrigin({ req }: Context): void {
  const origin = req.header('origin')
  if (origin !== undefined && hostOf(origin) !== req.header('host')) throw fail('api.cross-site')
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host
  } catch {
    return null
  }
}
