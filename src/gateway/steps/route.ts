/** Finds upstream, dialect and surface. Only configured upstreams count; nothing from the caller is an address. */
import { fail } from '../../model/errors.ts'
import type { Dialect, PathMatch, Surface } from '../../model/dialect.ts'
import type { GatewaySettings } from '../../model/settings.ts'
import type { Upstream } from '../../model/upstream.ts'
import type { Exchange, Routing } from '../exchange.ts'
import { headerValue, queryForUpstream } from '../headers.ts'
import type { GatewayParts } from '../parts.ts'
import type { StepResult } from '../pipeline.ts'
import { belowPrefix, joinBase, readTarget, splitRegion } from '../request-target.ts'

/** Headers by which a caller may say which service or conversation it is; kept as declared, never trusted. */
const TAG_HEADERS = [
  'x-custody-service',
  'x-custody-repository',
  'x-custody-run',
  'x-claude-code-session-id',
  'session-id',
  'thread-id',
  'x-session-id',
  'helicone-session-id',
  'traceparent',
  'x-stainless-retry-count',
  'originator',
]
const TAG_LENGTH_MAX = 256

export function route(exchange: Exchange, parts: GatewayParts): StepResult {
  const { caller, settings, principal } = exchange
  const reading = readTarget(caller.rawTarget)
  if (reading.kind === 'refused') return fail('request.bad-path', reading.reason)
  const { target } = reading
  exchange.tags = declaredTags(target.declaredService, caller.rawHeaders)
  const request: PathMatch = {
    method: caller.method,
    path: target.path,
    query: queryForUpstream(target.query),
  }
  const routing =
    azureAtOrigin(settings, parts, request) ??
    prefixLayout(settings, parts, request) ??
    singleOrigin(settings, parts, request, exchange)
  if (routing === null) return fail('route.unknown')
  exchange.routing = routing
  const allowed = principal?.allowedUpstreams ?? null
  if (allowed !== null && !allowed.includes(routing.upstream.name)) {
    return fail('identity.upstream-not-allowed')
  }
  return null
}

/** `/<upstream>/…`, and `/<upstream>/<region>/…` where the base URL takes a region. */
function prefixLayout(
  settings: GatewaySettings,
  parts: GatewayParts,
  request: PathMatch,
): Routing | null {
  for (const upstream of settings.upstreams) {
    const path = belowPrefix(request.path, upstream.name)
    if (path === null) continue
    const dialect = parts.dialectByName(upstream.dialect)
    if (upstream.sandbox && SANDBOX_CONTROL.test(path))
      return sandboxControl(upstream, dialect, path, request)
    const { region, path: providerPath } =
      upstream.dialect === 'bedrock' ? splitRegion(path) : { region: null, path }
    return routingFor(upstream, dialect, { ...request, path: providerPath }, region)
  }
  return null
}

/** AzureOpenAI clients pointed at the bare origin send `/openai/…`, which an upstream named openai would catch. */
const AZURE_PATH = /^\/openai\/(?:deployments\/|.*[?&]api-version=)/

function azureAtOrigin(
  settings: GatewaySettings,
  parts: GatewayParts,
  request: PathMatch,
): Routing | null {
  if (!AZURE_PATH.test(request.path + request.query)) return null
  const azure = settings.upstreams.find(
    ({ name, baseUrl }) =>
      name.startsWith('azure') || new URL(baseUrl).hostname.endsWith('.openai.azure.com'),
  )
  return azure === undefined
    ? null
    : routingFor(azure, parts.dialectByName(azure.dialect), request, null)
}

/** `/v1/messages`, `/v1/chat/completions`, `/model/…`: the path names the dialect, the first such upstream serves it. */
function singleOrigin(
  settings: GatewaySettings,
  parts: GatewayParts,
  request: PathMatch,
  exchange: Exchange,
): Routing | null {
  const sandbox = settings.upstreams.find((upstream) => upstream.sandbox)
  if (sandbox !== undefined && SANDBOX_CONTROL.test(request.path)) {
    return sandboxControl(sandbox, parts.dialectByName(sandbox.dialect), request.path, request)
  }
  const dialect = dialectOf(parts, request, exchange)
  const upstream = settings.upstreams.find(({ dialect: name }) => name === dialect?.name)
  if (dialect === null || upstream === undefined) return null
  return routingFor(upstream, dialect, request, null)
}

/** The sandbox says over HTTP what it received; no provider has such a path, and only the sandbox is ever asked. */
const SANDBOX_CONTROL = /^\/__received(?:\/|$)/

function sandboxControl(
  upstream: Upstream,
  dialect: Dialect,
  path: string,
  request: PathMatch,
): Routing {
  const surface: Surface = {
    name: 'sandbox.received',
    dialect: dialect.name,
    kind: 'manage',
    readsBody: false,
    modelInPath: null,
    streamInPath: null,
    upstreamPath: `${path}${request.query}`,
  }
  return {
    upstream,
    dialect,
    surface,
    origin: new URL(upstream.baseUrl).origin,
    path: surface.upstreamPath,
  }
}

/** `/v1/models` and its kin exist in several dialects; there the headers that each SDK always sends decide. */
function dialectOf(parts: GatewayParts, request: PathMatch, exchange: Exchange): Dialect | null {
  if (request.path === '/v1/models' || request.path.startsWith('/v1/models/')) {
    const headers = exchange.caller.rawHeaders
    if (headerValue(headers, 'anthropic-version') !== null) return parts.dialectByName('anthropic')
    if (headerValue(headers, 'x-goog-api-key') !== null) return parts.dialectByName('gemini')
  }
  return parts.claimantOf(request)
}

function routingFor(
  upstream: Upstream,
  dialect: Dialect,
  request: PathMatch,
  region: string | null,
): Routing | null {
  const surface = dialect.recognise(request)
  if (surface === null) return null
  const base = upstream.baseUrl.replaceAll('{region}', region ?? regionOf(upstream))
  return { upstream, dialect, surface, ...joinBase(base, surface.upstreamPath) }
}

function regionOf(upstream: Upstream): string {
  if (upstream.region !== undefined) return upstream.region
  return upstream.credential.kind === 'sigv4' ? upstream.credential.region : 'us-east-1'
}

function declaredTags(service: string, flatHeaders: readonly string[]): Exchange['tags'] {
  const headers: Record<string, string> = {}
  for (const name of TAG_HEADERS) {
    const value = headerValue(flatHeaders, name)
    if (value !== null && value !== '') headers[name] = value.slice(0, TAG_LENGTH_MAX)
  }
  return { service: service || headers['x-custody-service'] || '', headers }
}
