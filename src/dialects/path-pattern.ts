/** Matches request paths the way the most lenient server would, so that no spelling of a known path passes as unknown. */

/** Servers disagree on what these mean, so no surface is named for a path that holds them. */
const UNSAFE = /%(?:2f|5c|00|25)|\\/iu

/**
 * Decoded segments, case kept, without path parameters; empty ones (doubled and trailing slashes) are left out. Null for a path
 * with dot segments, encoded slashes, control characters or a broken percent-encoding.
 */
export function readSegments(path: string): readonly string[] | null {
  if (!path.startsWith('/') || UNSAFE.test(path)) return null
  const segments: string[] = []
  for (const raw of path.split('/')) {
    const text = readSegment(raw)
    if (text === null || text === '.' || text === '..') return null
    if (text !== '') segments.push(text)
  }
  return segments
}

/**
 * Encoded slashes read as slashes: ids such as `meta-llama%2FLlama-3` stand in paths, and `chat%2Fcompletions` must
 * not pass as unknown where a server reads it so.
 */
export function splitEncodedSlashes(path: string): string {
  return path.replaceAll(/%2f/giu, '/')
}

/** Java servers take `;…` off a segment before they look at it. */
function readSegment(raw: string): string | null {
  try {
    const text = decodeURIComponent(raw.split(';', 1)[0] ?? '')
    for (let i = 0; i < text.length; i += 1) {
      const unit = text.charCodeAt(i)
      if (unit < 0x20 || unit === 0x7f) return null
    }
    return text
  } catch {
    return null
  }
}

/**
 * A pattern such as `responses/*` or `files/**`: `*` is one segment, a last `**` any number of them. Letter case does
 * not count, as it does not for some servers.
 */
export function matchesPattern(segments: readonly string[], pattern: string): boolean {
  const wanted = pattern.split('/')
  const open = wanted.at(-1) === '**'
  if (open) wanted.pop()
  if (open ? segments.length < wanted.length : segments.length !== wanted.length) return false
  return wanted.every((word, i) => word === '*' || word === segments[i]?.toLowerCase())
}
