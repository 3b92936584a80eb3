/** Finds out again which surface a recorded exchange was sent to, from the targets in its record. */
import { dialectByName } from '../dialects/registry.ts'
import { belowPrefix, readTarget, splitRegion } from '../gateway/request-target.ts'
import type { PathMatch, Surface } from '../model/dialect.ts'
import type { OpeningFacts } from '../model/record.ts'

/** Null when no dialect was known. A surface that the recorded path no longer names is made from its recorded name. */
export function recordedSurface(facts: OpeningFacts): Surface | null {
  if (facts.dialect === null) return null
  const dialect = dialectByName(facts.dialect)
  for (const request of possibleRequests(facts)) {
    const surface = dialect.recognise(request)
    if (surface?.name === facts.surface) return surface
  }
  return {
    name: facts.surface,
    dialect: facts.dialect,
    kind: 'generate',
    readsBody: false,
    modelInPath: null,
    streamInPath: facts.stream,
    upstreamPath: '/',
  }
}

/** The received target below its upstream's prefix, as it is (single-origin layout), and as it was sent. */
function possibleRequests(facts: OpeningFacts): readonly PathMatch[] {
  const { received, sent, upstream } = facts
  const found: PathMatch[] = []
  const reading = readTarget(received.target)
  if (reading.kind === 'target') {
    const { path, query } = reading.target
    const below = belowPrefix(path, upstream)
    for (const candidate of below === null ? [path] : [splitRegion(below).path, below, path]) {
      found.push({ method: received.method, path: candidate, query })
    }
  }
  if (sent !== null) {
    const [path, query] = splitQuery(sent.target)
    found.push({ method: sent.method, path, query })
  }
  return found
}

function splitQuery(target: string): readonly [string, string] {
  const at = target.indexOf('?')
  return at === -1 ? [target, ''] : [target.slice(0, at), target.slice(at)]
}
