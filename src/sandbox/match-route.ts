/** Finds the row of the route table for a request, below whatever first segment mounts a dialect. */
import type { SandboxDialect } from './call.ts'
import type { Route } from './routes.ts'
import { ROUTES } from './routes.ts'

interface CompiledRoute {
  readonly route: Route
  readonly pattern: RegExp
}

function compile(route: Route): CompiledRoute {
  const source = route.path
    .replaceAll('[', '(?:')
    .replaceAll(']', ')?')
    .replaceAll(/\{(\w+)\*\}/g, '(?<$1>.+)')
    .replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+?)')
  return { route, pattern: new RegExp(`^${source}$`) }
}

const COMPILED = ROUTES.map(compile)

/** A first segment that mounts a dialect, as the gateway's prefix layout does. Azure also has its own `/openai`. */
const MOUNT =
  /^\/(?:azure(?:\/openai)?|openai|anthropic|gemini|bedrock(?:\/[a-z]{2,4}(?:-[a-z]+)+-\d)?|ollama)(?=\/|$)/
const MOUNTED: Readonly<Record<string, SandboxDialect>> = {
  azure: 'openai',
  openai: 'openai',
  anthropic: 'anthropic',
  gemini: 'gemini',
  bedrock: 'bedrock',
  ollama: 'ollama',
}

export type RouteMatch =
  | {
      readonly kind: 'route'
      readonly route: Route
      readonly params: Readonly<Record<string, string>>
    }
  /** The base URL itself, which some clients probe. */
  | { readonly kind: 'root'; readonly dialect: SandboxDialect }
  | { readonly kind: 'unknown'; readonly dialect: SandboxDialect; readonly status: 404 | 405 }

export interface RouteQuestion {
  readonly method: string
  /** Path without query, percent-encoded as received. */
  readonly path: string
  /** The dialect that headers and query speak for, where a path (`/v1/models`) has several. */
  readonly likely: SandboxDialect
}

export function matchRoute({ method, path, likely }: RouteQuestion): RouteMatch {
  const mount = MOUNT.exec(path)?.[0] ?? ''
  const dialect = MOUNTED[mount.split('/')[1] ?? ''] ?? likely
  const inner = path.slice(mount.length)
  const onPath = COMPILED.filter(({ pattern }) => pattern.test(inner))
  const candidates = onPath.filter(({ route }) => route.method === method)
  const found = candidates.find(({ route }) => route.dialect === dialect) ?? candidates[0]
  if (found === undefined) {
    const isProbe = method === 'GET' || method === 'HEAD'
    if (isProbe && (inner === '' || inner === '/')) return { kind: 'root', dialect }
    const [other] = onPath
    if (other === undefined) return { kind: 'unknown', dialect, status: 404 }
    return { kind: 'unknown', dialect: other.route.dialect, status: 405 }
  }
  return { kind: 'route', route: found.route, params: paramsOf(found.pattern.exec(inner)) }
}

function paramsOf(match: RegExpExecArray | null): Readonly<Record<string, string>> {
  const params: Record<string, string> = {}
  for (const [name, value] of Object.entries(match?.groups ?? {})) {
    if (value !== undefined) params[name] = decodeSegment(value)
  }
  return params
}

function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
