/** Names the surfaces of the Anthropic API, with and without the `/v1` that some clients leave out. */
import type { PathMatch, Surface, SurfaceKind } from '../../model/dialect.ts'
import { readSegments } from '../path-pattern.ts'

interface Naming {
  readonly name: string
  readonly kind: SurfaceKind
  readonly readsBody: boolean
}

const ROOT: Naming = { name: 'anthropic.root', kind: 'manage', readsBody: false }
const OTHER: Naming = { name: 'anthropic.other', kind: 'opaque', readsBody: false }

/** Null for the token exchange and for paths that servers read in different ways (see `readSegments`). */
export function recogniseAnthropic(request: PathMatch): Surface | null {
  const segments = readSegments(request.path)?.map((segment) => segment.toLowerCase())
  if (segments === undefined) return null
  const versioned = segments[0] === 'v1'
  const rest = versioned ? segments.slice(1) : segments
  // Token exchange is answered by the gateway itself, never by a provider.
  if (versioned && rest[0] === 'oauth' && rest[1] === 'token') return null
  const { naming, isKnown } = nameSurface(request.method, rest)
  const path = versioned || !isKnown || rest.length === 0 ? request.path : `/v1${request.path}`
  return {
    ...naming,
    dialect: 'anthropic',
    modelInPath: null,
    streamInPath: null,
    upstreamPath: path + request.query,
  }
}

/** Paths that no other provider answers; `/v1/models` and `/v1/files` are also OpenAI's. */
export function claimsAnthropic(request: PathMatch): boolean {
  const [version, resource] = readSegments(request.path) ?? []
  return version === 'v1' && (resource === 'messages' || resource === 'complete')
}

function nameSurface(
  method: string,
  rest: readonly string[],
): { readonly naming: Naming; readonly isKnown: boolean } {
  const [resource, second, third] = rest
  const isPost = method === 'POST'
  switch (resource) {
    case undefined:
      return { naming: method === 'GET' || method === 'HEAD' ? ROOT : OTHER, isKnown: false }
    case 'messages':
      return { naming: nameMessages(isPost, rest), isKnown: true }
    case 'complete':
      return {
        naming:
          isPost && second === undefined
            ? { name: 'anthropic.complete', kind: 'generate', readsBody: true }
            : OTHER,
        isKnown: true,
      }
    case 'models':
      return {
        naming: { name: 'anthropic.models', kind: 'manage', readsBody: false },
        isKnown: true,
      }
    case 'files':
    case 'skills': {
      const carriesBytes = isPost || third === 'content' || rest.at(-1) === 'content'
      const kind = carriesBytes ? 'opaque' : 'manage'
      return { naming: { name: `anthropic.${resource}`, kind, readsBody: false }, isKnown: true }
    }
    default:
      return { naming: OTHER, isKnown: false }
  }
}

function nameMessages(isPost: boolean, rest: readonly string[]): Naming {
  const [, second, third] = rest
  switch (second) {
    case undefined:
      return isPost ? { name: 'anthropic.messages', kind: 'generate', readsBody: true } : OTHER
    case 'count_tokens':
      return isPost && third === undefined
        ? { name: 'anthropic.count-tokens', kind: 'count', readsBody: true }
        : OTHER
    case 'batches':
      // Creating a batch carries whole prompts; everything else on batches carries none.
      return {
        name: 'anthropic.batches',
        kind: 'manage',
        readsBody: isPost && third === undefined,
      }
    default:
      return OTHER
  }
}
