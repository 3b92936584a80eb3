/** Names the surfaces of the Bedrock runtime, whose model ids may be ARNs with encoded colons and slashes. */
import type { PathMatch, Surface, SurfaceKind } from '../../model/dialect.ts'

interface Naming {
  readonly name: string
  readonly kind: SurfaceKind
  readonly readsBody: boolean
  readonly stream: boolean | null
}

const naming = (
  name: string,
  kind: SurfaceKind,
  readsBody = false,
  stream: boolean | null = null,
): Naming => ({ name: `bedrock.${name}`, kind, readsBody, stream })

/** What can be done with `/model/{id}/…`. */
const ACTIONS: ReadonlyMap<string, Naming> = new Map([
  ['converse', naming('converse', 'generate', true, false)],
  ['converse-stream', naming('converse-stream', 'generate', true, true)],
  ['invoke', naming('invoke', 'generate', true, false)],
  ['invoke-with-response-stream', naming('invoke-with-response-stream', 'generate', true, true)],
  ['invoke-with-bidirectional-stream', naming('invoke-with-bidirectional-stream', 'opaque')],
  ['async-invoke', naming('async-invoke', 'manage', true)],
  ['count-tokens', naming('count-tokens', 'count', true)],
])

const OTHER = naming('other', 'opaque')
const GUARDRAIL = naming('apply-guardrail', 'manage', true)

/** Null for paths that servers read in different ways: dot segments, control characters, broken encodings. */
export function recogniseBedrock(request: PathMatch): Surface | null {
  const segments = decodedSegments(request.path)
  if (segments === null) return null
  const found = nameSurface(request.method, segments)
  return {
    name: found.name,
    dialect: 'bedrock',
    kind: found.kind,
    readsBody: found.readsBody,
    modelInPath: modelOf(segments),
    streamInPath: found.stream,
    upstreamPath: request.path + request.query,
  }
}

export function claimsBedrock(request: PathMatch): boolean {
  const segments = decodedSegments(request.path)
  if (segments === null) return false
  switch (segments[0]) {
    case 'model':
      return segments.length > 2 && ACTIONS.has(segments.at(-1)?.toLowerCase() ?? '')
    case 'guardrail':
      return isGuardrail(segments)
    case 'async-invoke':
    case 'guardrail-checks':
      return true
    case undefined:
    default:
      return false
  }
}

function nameSurface(method: string, segments: readonly string[]): Naming {
  const isRead = method === 'GET' || method === 'HEAD'
  switch (segments[0]?.toLowerCase()) {
    case 'model': {
      const action =
        segments.length > 2 ? ACTIONS.get(segments.at(-1)?.toLowerCase() ?? '') : undefined
      return method === 'POST' ? (action ?? OTHER) : OTHER
    }
    case 'async-invoke':
      return naming('async-invoke', 'manage', method === 'POST')
    case 'guardrail':
      return method === 'POST' && isGuardrail(segments) ? GUARDRAIL : OTHER
    case 'guardrail-checks':
      return method === 'POST' ? naming('guardrail-checks', 'manage', true) : OTHER
    case 'foundation-models':
    case 'inference-profiles':
      return isRead ? naming('models', 'manage') : OTHER
    case undefined:
      return isRead ? naming('root', 'manage') : OTHER
    default:
      return OTHER
  }
}

/** `/guardrail/{id}/version/{version}/apply`, where the id may be an ARN. */
function isGuardrail(segments: readonly string[]): boolean {
  return segments.length >= 5 && segments.at(-1)?.toLowerCase() === 'apply'
}

function modelOf(segments: readonly string[]): string | null {
  if (segments[0]?.toLowerCase() !== 'model' || segments.length < 3) return null
  return segments.slice(1, -1).join('/')
}

/**
 * Slashes of an ARN come encoded or not, so encoded ones count as slashes here: an action hidden behind one is
 * recognised too, and the model id is put together again from all segments between the first and the last.
 */
function decodedSegments(path: string): readonly string[] | null {
  if (!path.startsWith('/') || path.includes('\\')) return null
  try {
    const decoded = path
      .split('/')
      // Java servers take path parameters off before they look at a segment.
      .map((segment) => decodeURIComponent(segment.split(';', 1)[0] ?? ''))
      .join('/')
    if (hasControl(decoded) || decoded.includes('\\')) return null
    const segments = decoded.split('/').filter((segment) => segment !== '')
    return segments.includes('.') || segments.includes('..') ? null : segments
  } catch {
    return null
  }
}

function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit < 0x20 || unit === 0x7f) return true
  }
  return false
}
