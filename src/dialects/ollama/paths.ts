/** Names the surfaces of the Ollama API; what lies below `/v1` there is the OpenAI API. */
import type { PathMatch, Surface, SurfaceKind } from '../../model/dialect.ts'
import { openai } from '../openai/index.ts'
import { matchesPattern, readSegments, splitEncodedSlashes } from '../path-pattern.ts'

interface Row {
  readonly pattern: string
  readonly name: string
  readonly kind: SurfaceKind
  /** Methods; empty for all. */
  readonly methods: readonly string[]
}

const row = (pattern: string, kind: SurfaceKind, methods: readonly string[] = []): Row => {
  const [, name = ''] = pattern.split('/')
  return { pattern, name, kind, methods }
}

/** `create`, `push` and `blobs` carry models and their system prompts: bytes that are recorded and not read. */
const ROWS: readonly Row[] = [
  row('api/chat', 'generate', ['POST']),
  row('api/generate', 'generate', ['POST']),
  row('api/embed', 'embed', ['POST']),
  row('api/embeddings', 'embed', ['POST']),
  row('api/tags', 'manage'),
  row('api/show', 'manage'),
  row('api/ps', 'manage'),
  row('api/version', 'manage'),
  row('api/copy', 'manage'),
  row('api/delete', 'manage'),
  row('api/pull', 'manage'),
  row('api/push', 'opaque'),
  row('api/create', 'opaque'),
  row('api/blobs/**', 'opaque'),
]

function find({ method, path }: PathMatch): Row | null {
  const segments = readSegments(path)
  if (segments === null) return null
  const fits = ({ pattern, methods }: Row): boolean =>
    (methods.length === 0 || methods.includes(method)) && matchesPattern(segments, pattern)
  return ROWS.find(fits) ?? null
}

/** Null only for paths that servers read in different ways (see `readSegments`). */
export function recognise(request: PathMatch): Surface | null {
  const split = readSegments(splitEncodedSlashes(request.path))
  if (split?.[0]?.toLowerCase() === 'v1') return openai.recognise(request)
  if (readSegments(request.path) === null) return null
  const found = find(request)
  const kind = found?.kind ?? 'opaque'
  return {
    name: `ollama.${found?.name ?? 'other'}`,
    dialect: 'ollama',
    kind,
    readsBody: kind === 'generate' || kind === 'embed',
    modelInPath: null,
    streamInPath: null,
    upstreamPath: request.path + request.query,
  }
}

export function claims(request: PathMatch): boolean {
  return find(request) !== null
}
