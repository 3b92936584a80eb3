/** Finds out again which surface a recorded exchange was sent to, from the targets in its record. */
import { dialectByName } from '../dialects/registry.ts'
import { belowPrefix, readTarget, splitRegion } from '../gateway/request-target.ts'
import type { AnsweredFacts } from '../incident/answer-reading.ts'
import type { PathMatch, Surface } from '../model/dialect.ts'

/** Most exchanges have one of few targets. */
const REMEMBERED_MAX = 200
const remembered = new Map<string, Surface>()

/** Null when no dialect was known. A surface that the recorded path no longer names is made from its recorded name. */
export function recordedSurface(facts: AnsweredFacts): Surface | null {
  const { dialect, surface, stream, upstream, received, sent } = facts
  if (dialect === null) return null
  const name = [
    dialect,
    surface,
    stream,
    upstream,
    received.method,
    received.target,
    sent?.method,
    sent?.target,
  ].join('\0')
  const known = remembered.get(name) ?? found(facts, dialect)
  if (remembered.size >= REMEMBERED_MAX) remembered.clear()
  remembered.set(name, known)
  return known
}

function found(facts: AnsweredFacts, name: NonNullable<AnsweredFacts['dialect']>): Surface {
  const dialect = dialectByName(name)
  for (const request of possibleRequests(facts)) {
    const surface = dialect.recognise(request)
    if (surface?.name === facts.surface) return surface
  }
  return {
    name: facts.surface,
    dialect: name,
    kind: 'generate',
    readsBody: false,
    modelInPath: null,
    streamInPath: facts.stream,
    upstreamPath: '/',
  }
}

/** The received target below its upstream's prefix, as it is (single-origin layout), and as it was sent. */
function possibleRequests(facts: AnsweredFacts): readonly PathMatch[] {
  const { received, sent, upstream } = facts
  const requests: PathMatch[] = []
  const reading = readTarget(received.target)
  if (reading.kind === 'target') {
    const { path, query } = reading.target
    const below = belowPrefix(path, upstream)
    for (const candidate of below === null ? [path] : [splitRegion(below).path, below, path]) {
      requests.push({ method: received.method, path: candidate, query })
    }
  }
  if (sent !== null) {
    const [path, query] = splitQuery(sent.target)
    requests.push({ method: sent.method, path, query })
  }
  return requests
}

function splitQuery(target: string): readonly [string, string] {
  const at = target.indexOf('?')
  return at === -1 ? [target, ''] : [target.slice(0, at), target.slice(at)]
}
