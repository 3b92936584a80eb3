/** Reads the request target: refuses path tricks, then finds the service tag, the upstream and the provider's path. */

export interface Target {
  /** From `/t/<service>/…`; empty when there is none. */
  readonly declaredService: string
  /** Path without the tag, percent-encoding as received. */
  readonly path: string
  /** With `?`, or empty. */
  readonly query: string
}

export type TargetReading =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'refused'; readonly reason: string }

const SERVICE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d$/
const VISIBLE_ASCII = /^[\x21-\x7e]+$/
const TARGET_LENGTH_MAX = 8192

const refused = (reason: string): TargetReading => ({ kind: 'refused', reason })

/**
 * Threat: the path names the surface, and so the rules that apply. Any spelling that a provider could read as another
 * path than we did (dot segments, encoded ones, backslashes, double encoding, a full URL) is refused, never repaired.
 */
export function readTarget(raw: string): TargetReading {
  if (raw.length > TARGET_LENGTH_MAX)
    return refused(`The path is longer than ${TARGET_LENGTH_MAX} characters.`)
  if (!raw.startsWith('/'))
    return refused('Only origin-form paths are served (no full URL, no authority).')
  if (!VISIBLE_ASCII.test(raw))
    return refused('The path holds white space, control or non-ASCII characters.')
  if (raw.includes('#')) return refused('The path holds a fragment.')
  const question = raw.indexOf('?')
  const fullPath = question === -1 ? raw : raw.slice(0, question)
  const query = question === -1 ? '' : raw.slice(question)
  const problem = pathProblem(fullPath)
  if (problem !== null) return refused(problem)
  if (!fullPath.startsWith('/t/')) {
    return { kind: 'target', target: { declaredService: '', path: fullPath, query } }
  }
  const end = fullPath.indexOf('/', 3)
  const service = end === -1 ? fullPath.slice(3) : fullPath.slice(3, end)
  if (!SERVICE.test(service)) {
    return refused(
      'The service tag after /t/ takes 1 to 64 letters, digits, dots, dashes and underscores.',
    )
  }
  const path = end === -1 ? '/' : fullPath.slice(end)
  return { kind: 'target', target: { declaredService: service, path, query } }
}

function pathProblem(path: string): string | null {
  if (path.includes('\\')) return 'The path holds a backslash.'
  if (path.includes('//'))
    return 'The path holds an empty segment; remove the trailing slash of the base URL.'
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) return 'The path holds a broken percent-encoding.'
  if (/%(?:0[0-9A-Fa-f]|1[0-9A-Fa-f]|7[Ff]|5[Cc])/.test(path)) {
    return 'The path holds an encoded control character or backslash.'
  }
  if (/%25(?:2[EeFf]|5[Cc]|00|25)/.test(path)) return 'The path is encoded twice.'
  const flattened = path.replaceAll(/%2[Ee]/g, '.').replaceAll(/%2[Ff]/g, '/')
  for (const segment of flattened.split('/')) {
    if (segment === '.' || segment === '..') return 'The path holds a dot segment.'
  }
  return null
}

/** Takes `/<name>` off the path when it is the first segment; null when it is not. */
export function belowPrefix(path: string, name: string): string | null {
  if (!path.startsWith(`/${name}`)) return null
  const rest = path.slice(name.length + 1)
  if (rest === '') return '/'
  return rest.startsWith('/') ? rest : null
}

/** Splits an AWS region off the front of a path (`/us-east-1/model/…`). */
export function splitRegion(path: string): {
  readonly region: string | null
  readonly path: string
} {
  const end = path.indexOf('/', 1)
  const first = end === -1 ? path.slice(1) : path.slice(1, end)
  if (!REGION.test(first)) return { region: null, path }
  return { region: first, path: end === -1 ? '/' : path.slice(end) }
}

const VERSION = /^v\d+(?:alpha|beta)?\d*$/

/**
 * Joins a base URL with a provider path. A base URL may carry an API version of its own, as vendors print it in their
 * guides (`https://host/api/v1`, `…/paas/v4`, `…/v1beta/openai`); then neither the same version nor the `/v1` that
 * OpenAI's paths begin with is sent below it.
 */
export function joinBase(
  baseUrl: string,
  path: string,
): { readonly origin: string; readonly path: string } {
  const { origin, prefix, versions } = readBase(baseUrl)
  const first = path.slice(1).split(/[/?]/, 1)[0] ?? ''
  const isTwice = versions.length > 0 && (versions.includes(first) || first === 'v1')
  const rest = isTwice ? path.slice(first.length + 1) : path
  return { origin, path: `${prefix}${rest}` || '/' }
}

interface Base {
  readonly origin: string
  readonly prefix: string
  readonly versions: readonly string[]
}

/** Few, since base URLs come from configuration; bounded all the same, since a caller names the region of one. */
const bases = new Map<string, Base>()
const BASES_MAX = 256

function readBase(baseUrl: string): Base {
  const known = bases.get(baseUrl)
  if (known !== undefined) return known
  const url = new URL(baseUrl)
  const prefix = url.pathname === '/' ? '' : url.pathname.replace(/\/+$/, '')
  const base = {
    origin: url.origin,
    prefix,
    versions: prefix.split('/').filter((segment) => VERSION.test(segment)),
  }
  if (bases.size >= BASES_MAX) bases.clear()
  bases.set(baseUrl, base)
  return base
}
