/** Serves upstreams with their health, the state of the gateway, and the audit trail. */
import { upstreamHealth } from '../../incident/upstream-health.ts'
import type { Upstream as UpstreamRow } from '../../model/upstream.ts'
import type { Upstream } from '../contract/operations.ts'
import { listAudit, listUpstreams, readStatus } from '../contract/operations.ts'
import type { Registrar } from '../registrar.ts'
import { shownAudit } from '../shown.ts'

const HEALTH_MS = 60 * 60 * 1000

export function operationRoutes({ app, parts, guarded }: Registrar): void {
  app.openapi(guarded(listUpstreams), async (context) => {
    const sinceMs = parts.clock.nowMs() - HEALTH_MS
    const healthOf = await upstreamHealth(parts.desk, sinceMs)
    const items = parts.upstreams().map((upstream) => ({
      ...shownUpstream(upstream),
      health: { sinceMs, ...healthOf(upstream.name) },
    }))
    return context.json({ items }, 200)
  })
  app.openapi(guarded(readStatus), (context) =>
    context.json({ ...parts.status(), version: parts.version, nowMs: parts.clock.nowMs() }, 200),
  )
  app.openapi(guarded(listAudit), async (context) => {
    const { cursor, limit, ...filter } = context.req.valid('query')
    const own = context.get('signedIn').person.id
    const person = context.get('reach') === 'all' ? filter.person : own
    const rows = await parts.control.audit.list({
      limit: limit + 1,
      ...(cursor === undefined ? {} : { before: cursor }),
      ...(person === undefined ? {} : { person }),
      ...(filter.operation === undefined ? {} : { operation: filter.operation }),
      ...(filter.target === undefined ? {} : { target: filter.target }),
      ...(filter.outcome === undefined ? {} : { outcome: filter.outcome }),
      ...(filter.sinceMs === undefined ? {} : { sinceMs: filter.sinceMs }),
      ...(filter.untilMs === undefined ? {} : { untilMs: filter.untilMs }),
    })
    const items = rows.slice(0, limit)
    return context.json(
      {
        items: items.map(shownAudit),
        next: rows.length > limit ? (items.at(-1)?.id ?? null) : null,
      },
      200,
    )
  })
}

function shownUpstream(upstream: UpstreamRow): Omit<Upstream, 'health'> {
  return {
    name: upstream.name,
    dialect: upstream.dialect,
    sandbox: upstream.sandbox,
    host: hostOf(upstream.baseUrl),
    hasCredential: upstream.credential.kind !== 'none',
  }
}

/** Host and port only: a path or user part of a base URL may be a secret. */
function hostOf(baseUrl: string): string {
  return /^[a-z]+:\/\/(?:[^/@]*@)?([^/?#]*)/.exec(baseUrl)?.[1] ?? ''
}
