/** Makes the data plane's settings snapshot from the resolved configuration. */
import type { Config } from '../config/config.ts'
import { matchRoute } from '../config/route-match.ts'
import type { GatewaySnapshot } from '../gateway/parts.ts'

/**
 * `sandboxUrl` stands in as the base URL of upstreams that have none of their own. The name below it tells the sandbox
 * which dialect a path that several share (`/v1/models`) is meant in.
 */
export function gatewaySettings(config: Config, sandboxUrl: string): GatewaySnapshot {
  return {
    upstreams: config.upstreams.map((upstream) =>
      upstream.sandbox ? { ...upstream, baseUrl: `${sandboxUrl}/${upstream.name}` } : upstream,
    ),
    routeFor: (facts) => matchRoute(config.routes, facts),
    limits: config.limits,
    maskingOf: ({ name }) => config.masking[name] ?? null,
  }
}
