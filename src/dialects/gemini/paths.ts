/** Names the surfaces of the Gemini API and of Vertex AI, whose paths end in `:verb`. */
import type { PathMatch, Surface, SurfaceKind } from '../../model/dialect.ts'
import { readSegments } from '../path-pattern.ts'

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
): Naming => ({ name, kind, readsBody, stream })

/** Keys in lower case: servers may or may not mind the case, so a verb in any case counts. */
const VERBS: Readonly<Record<string, Naming>> = {
  generatecontent: naming('gemini.generate-content', 'generate', true, false),
  streamgeneratecontent: naming('gemini.stream-generate-content', 'generate', true, true),
  batchgeneratecontent: naming('gemini.batch-generate-content', 'manage', true),
  counttokens: naming('gemini.count-tokens', 'count', true),
  computetokens: naming('gemini.compute-tokens', 'count', true),
  embedcontent: naming('gemini.embed-content', 'embed', true),
  batchembedcontents: naming('gemini.batch-embed-contents', 'embed', true),
  asyncbatchembedcontent: naming('gemini.batch-embed-contents', 'embed', true),
  predict: naming('gemini.predict', 'generate', true, false),
  predictlongrunning: naming('gemini.predict', 'generate', true, false),
  rawpredict: naming('vertex.raw-predict', 'generate', true, false),
  streamrawpredict: naming('vertex.raw-predict', 'generate', true, true),
}

const OTHER = naming('gemini.other', 'opaque')
const MODELS = naming('gemini.models', 'manage')
const VERSION = /^v\d+(?:alpha|beta)?\d*$/u
/** Resources that clients may ask for without a version. */
const UNVERSIONED: ReadonlySet<string> = new Set([
  'models',
  'tunedmodels',
  'files',
  'cachedcontents',
  'batches',
  'filesearchstores',
])

interface Address {
  readonly version: string | null
  /** Segments below the version as received, the last one without its verb. */
  readonly rest: readonly string[]
  readonly verb: string | null
}

/** Null for paths that servers read in different ways (see `readSegments`). */
export function recogniseGemini(request: PathMatch): Surface | null {
  const address = readAddress(request.path)
  if (address === null) return null
  const found = nameSurface(request.method, address)
  const model = modelOf(address)
  const isCount = found.name === 'vertex.raw-predict' && model === 'count-tokens'
  return {
    name: found.name,
    dialect: 'gemini',
    kind: isCount ? 'count' : found.kind,
    readsBody: found.readsBody,
    modelInPath: isCount ? null : model,
    streamInPath: found.stream,
    upstreamPath: versionedPath(request.path, address) + withoutCredentials(request.query),
  }
}

/** Paths that no other provider answers; a plain `/v1/models` is also OpenAI's. */
export function claimsGemini(request: PathMatch): boolean {
  const address = readAddress(request.path)
  if (address === null) return false
  const { version, rest, verb } = address
  const resource = rest[0]?.toLowerCase()
  if (version === null) {
    return resource === 'upload' && VERSION.test(rest[1] ?? '') && rest[1] !== 'v1'
  }
  if (version !== 'v1') return /^v\d+(?:alpha|beta)/u.test(version) && resource !== undefined
  const isVerb = verb !== null && Object.hasOwn(VERBS, verb.toLowerCase())
  if (resource === 'models' || resource === 'tunedmodels') return isVerb
  return (resource === 'projects' || resource === 'publishers') && rest.length > 1
}

function readAddress(path: string): Address | null {
  const segments = readSegments(path)
  if (segments === null) return null
  const version = VERSION.test(segments[0] ?? '') ? (segments[0] ?? null) : null
  const rest = version === null ? [...segments] : segments.slice(1)
  const last = rest.at(-1) ?? ''
  const colon = last.lastIndexOf(':')
  if (colon === -1) return { version, rest, verb: null }
  rest[rest.length - 1] = last.slice(0, colon)
  return { version, rest, verb: last.slice(colon + 1) }
}

function nameSurface(method: string, { rest, verb }: Address): Naming {
  if (verb !== null) {
    const known = verb.toLowerCase()
    return method === 'POST' && Object.hasOwn(VERBS, known) ? (VERBS[known] ?? OTHER) : OTHER
  }
  const words = rest.map((segment) => segment.toLowerCase())
  const isRead = method === 'GET' || method === 'HEAD'
  // Vertex keeps the same resources below `projects/<p>/locations/<l>`.
  const [resource, ...below] = words[0] === 'projects' ? words.slice(4) : words
  switch (resource) {
    case undefined:
      return isRead ? naming('gemini.root', 'manage') : OTHER
    case 'models':
    case 'tunedmodels':
    case 'publishers':
      return isRead ? MODELS : OTHER
    case 'cachedcontents':
      return naming('gemini.cached-contents', 'manage', method === 'POST' && below.length === 0)
    case 'files':
      return naming('gemini.files', isRead || method === 'DELETE' ? 'manage' : 'opaque')
    case 'upload':
      return naming('gemini.upload', 'opaque')
    case 'batches':
    case 'operations':
      return naming(`gemini.${resource}`, 'manage')
    default:
      return OTHER
  }
}

/** The segment after the last `models`, or the tuned model or endpoint with its collection. */
function modelOf({ rest, verb }: Address): string | null {
  const [collection, model] = rest.slice(-2)
  if (collection === undefined || model === undefined || model === '') return null
  switch (collection.toLowerCase()) {
    case 'models':
      return model
    case 'tunedmodels':
    case 'endpoints':
      return verb === null ? null : `${collection}/${model}`
    default:
      return null
  }
}

function versionedPath(path: string, { version, rest }: Address): string {
  const resource = rest[0]?.toLowerCase() ?? ''
  if (version !== null) return path
  if (UNVERSIONED.has(resource)) return `/v1beta${path}`
  return resource === 'projects' || resource === 'publishers' ? `/v1${path}` : path
}

/** The query may hold the caller's own key, which must not reach the provider. */
const CREDENTIALS: ReadonlySet<string> = new Set(['key', 'access_token', 'oauth_token'])

function withoutCredentials(query: string): string {
  if (query === '') return ''
  const kept = query
    .slice(1)
    .split('&')
    .filter((pair) => !CREDENTIALS.has(parameterName(pair)))
  return kept.length === 0 ? '' : `?${kept.join('&')}`
}

function parameterName(pair: string): string {
  const [name = ''] = pair.split('=', 1)
  try {
    return decodeURIComponent(name.replaceAll('+', ' ')).trim().toLowerCase()
  } catch {
    return name
  }
}
