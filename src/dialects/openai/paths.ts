/** Names the surfaces of the OpenAI API and of Azure OpenAI; whatever else is asked below the prefix is opaque, not unrecorded. */
import type { PathMatch, Surface, SurfaceKind } from '../../model/dialect.ts'
import { matchesPattern, readSegments, splitEncodedSlashes } from '../path-pattern.ts'

interface Row {
  readonly name: string
  readonly methods: readonly string[]
  readonly pattern: string
  readonly kind: SurfaceKind
  readonly readsBody: boolean
}

const row = (
  methods: string,
  pattern: string,
  name: string,
  kind: SurfaceKind,
  readsBody = false,
): Row => ({
  methods: methods === '*' ? [] : methods.split(' '),
  pattern,
  name,
  kind,
  readsBody,
})

/** The first row that fits counts. Names are completed with `openai.` or `azure.`. */
const ROWS: readonly Row[] = [
  row('POST', 'chat/completions', 'chat-completions', 'generate', true),
  row('GET HEAD', 'chat/completions', 'chat-completions-stored', 'manage'),
  row('*', 'chat/completions/*/**', 'chat-completions-stored', 'manage'),
  row('POST', 'responses', 'responses', 'generate', true),
  row('POST', 'responses/compact', 'responses-compact', 'generate', true),
  row('POST', 'responses/input_tokens', 'responses-input-tokens', 'count', true),
  row('*', 'responses/*/**', 'responses-stored', 'manage'),
  row('POST', 'completions', 'completions', 'generate', true),
  row('POST', 'decisions', 'decisions', 'generate', true),
  row('POST', 'embeddings', 'embeddings', 'embed', true),
  row('POST', 'moderations', 'moderations', 'embed', true),
  row('POST', 'images/generations', 'images-generations', 'generate', true),
  row('POST', 'audio/speech', 'audio-speech', 'generate', true),
  row('GET HEAD DELETE', 'models/**', 'models', 'manage'),
  row('*', 'batches/**', 'batches', 'manage'),
  row('*', 'fine_tuning/**', 'fine-tuning', 'manage'),
  row('*', 'vector_stores/**', 'vector-stores', 'manage'),
  row('*', 'images/**', 'images', 'opaque'),
  row('*', 'audio/**', 'audio', 'opaque'),
  row('*', 'videos/**', 'videos', 'opaque'),
  row('*', 'files/**', 'files', 'opaque'),
  row('*', 'uploads/**', 'uploads', 'opaque'),
  row('*', 'assistants/**', 'assistants', 'opaque'),
  row('*', 'threads/**', 'threads', 'opaque'),
  row('*', 'conversations/**', 'conversations', 'opaque'),
  row('*', 'agents/**', 'agents', 'opaque'),
  row('*', 'evals/**', 'evals', 'opaque'),
  row('*', 'containers/**', 'containers', 'opaque'),
  row('*', 'skills/**', 'skills', 'opaque'),
  row('*', 'realtime/**', 'realtime', 'opaque'),
]

/** What a path below a deployment or a version names. */
const OTHER: Row = row('*', '**', 'other', 'opaque')

interface Address {
  readonly vendor: 'openai' | 'azure'
  readonly rest: readonly string[]
  readonly deployment: string | null
}

function addressOf(segments: readonly string[]): Address {
  const words = segments.map((segment) => segment.toLowerCase())
  const below = words[0] === 'openai' ? 1 : 0
  if (words[below] === 'deployments' && segments.length > below + 1) {
    const deployment = segments[below + 1] ?? null
    return { vendor: 'azure', rest: segments.slice(below + 2), deployment }
  }
  const vendor = below === 1 ? 'azure' : 'openai'
  const rest = segments.slice(words[below] === 'v1' ? below + 1 : below)
  return { vendor, rest, deployment: null }
}

function rowOf(method: string, rest: readonly string[]): Row {
  const fits = (candidate: Row): boolean =>
    (candidate.methods.length === 0 || candidate.methods.includes(method)) &&
    matchesPattern(rest, candidate.pattern)
  return ROWS.find(fits) ?? OTHER
}

/** The deployment is the model, so where it ends must not be in doubt. */
function segmentsOf(path: string): readonly string[] | null {
  const split = splitEncodedSlashes(path)
  const segments = readSegments(split)
  return split !== path && segments !== null && addressOf(segments).deployment !== null
    ? null
    : segments
}

/** Null only for paths that servers read in different ways. */
export function recognise({ method, path, query }: PathMatch): Surface | null {
  const segments = segmentsOf(path)
  if (segments === null) return null
  const { vendor, rest, deployment } = addressOf(segments)
  const found = rowOf(method, rest)
  return {
    name: `${vendor}.${found.name}`,
    dialect: 'openai',
    kind: found.kind,
    readsBody: found.readsBody,
    modelInPath: deployment,
    streamInPath: null,
    upstreamPath: upstreamPath(path, vendor, found, segments) + query,
  }
}

/**
 * OpenAI clients differ in whether their base URL ends in `/v1`, so a known path without it gets it. Azure paths and
 * unknown ones go on as they came.
 */
function upstreamPath(
  path: string,
  vendor: Address['vendor'],
  found: Row,
  segments: readonly string[],
): string {
  const versioned = segments[0]?.toLowerCase() === 'v1'
  return vendor === 'azure' || found === OTHER || versioned ? path : `/v1${path}`
}

/** `/v1/models/<id>` with a method suffix (`:generateContent`) is Gemini's. */
export function claims({ method, path }: PathMatch): boolean {
  const segments = segmentsOf(path)
  if (segments === null) return false
  const { vendor, rest, deployment } = addressOf(segments)
  const found = rowOf(method, rest)
  if (found === OTHER) return deployment !== null
  return vendor === 'azure' || segments[0]?.toLowerCase() === 'v1' || found.readsBody
}
