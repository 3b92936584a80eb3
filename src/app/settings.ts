/** Makes the data plane's settings snapshot from the resolved configuration. */
import type { Config } from '../config/config.ts'
import { matchRetention, matchRoute } from '../config/route-match.ts'
import type { GatewaySnapshot } from '../gateway/parts.ts'
import type { Policy } from '../policy/policy.ts'
import { createRouteSights } from './route-sights.ts'

/**
 * `sandboxUrl` stands in as the base URL of upstreams that have none of their own. The name below it tells the sandbox
 * which dialect a path that several share (`/v1/models`) is meant in.
 */
export function gatewaySettings(
  config: Config,
  sandboxUrl: string,
  policy: Policy | null = config.policy?.loaded.policy ?? null,
): GatewaySnapshot {
  const sights = createRouteSights(policy)
  for (const { name } of config.routes) sights.of(config.masking[name] ?? null)
  return {
    upstreams: config.upstreams.map((upstream) =>
      upstream.sandbox ? { ...upstream, baseUrl: `${sandboxUrl}/${upstream.name}` } : upstream,
    ),
    routeFor: (facts) => matchRoute(config.routes, facts),
    retentionClassFor: (tags) => matchRetention(config.retention, tags),
    limits: config.limits,
    servesTls: config.tls !== null,
    policy,
    sightOf: (route) => sights.of(config.masking[route.name] ?? null),
    approvals: config.approvals,
  }
}
