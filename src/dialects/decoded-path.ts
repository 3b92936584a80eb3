/** Splits a request path into decoded segments, for recognising it; what is sent on keeps the bytes as received. */

/**
 * Empty segments are left out and every segment is percent-decoded, so that `//v1/%6dessages/` cannot pass for an
 * unknown path when the provider reads it as `/v1/messages`. A segment that does not decode is kept as it is.
 */
export function pathSegments(path: string): readonly string[] {
  return path
    .split('/')
    .filter((segment) => segment !== '')
    .map(decodeSegment)
}

export function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
