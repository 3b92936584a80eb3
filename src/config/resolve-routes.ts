/** Resolves routes and retention classes, and checks that the names they use exist. */
import type { RecordingMode, Upstream } from '../model/upstream.ts'
import type { RetentionClass, RouteRule } from './config.ts'
import { didYouMean } from '../lib/did-you-mean.ts'
import type { Path } from './problems.ts'
import { report } from './resolve-context.ts'
import type { ResolveContext } from './resolve-context.ts'
import type { CheckedConfig } from './schema.ts'

export function resolveRetention(
  checked: CheckedConfig,
  context: ResolveContext,
): readonly RetentionClass[] {
  const written = Object.entries(checked.retention.classes)
  for (const [name, { minDays, maxDays }] of written) {
    if (maxDays === undefined || maxDays >= minDays) continue
    report(context, ['retention', 'classes', name, 'maxDays'], {
      message: 'maxDays is below minDays',
      found: `minDays ${String(minDays)}, maxDays ${String(maxDays)}`,
      allowed: 'maxDays at least minDays',
    })
  }
  const classes = written.map(([name, { minDays, maxDays, tags }]) => ({
    name,
    tags,
    minDays,
    maxDays: maxDays ?? null,
  }))
  return classes.some(({ name }) => name === 'default')
    ? classes
    : [{ name: 'default', minDays: DEFAULT_RETENTION_DAYS, maxDays: null, tags: [] }, ...classes]
}

const DEFAULT_RETENTION_DAYS = 183

export function resolveRoutes(
  checked: CheckedConfig,
  upstreams: readonly Upstream[],
  retention: readonly RetentionClass[],
  context: ResolveContext,
): readonly RouteRule[] {
  const { refused } = context
  const upstreamNames = [
    ...new Set([
      ...upstreams.map(({ name }) => name),
      ...Object.keys(checked.upstreams ?? {}),
      ...refused.upstreams,
    ]),
  ]
  const classNames = retention.map(({ name }) => name)
  const seen = new Set(['default'])
  const rules = checked.routes.map((route, index): RouteRule => {
    const { upstream = null, surface = null, service = null, model = null } = route.match
    const name = route.name ?? `route-${String(index + 1)}`
    const retentionClass = route.retention ?? 'default'
    if (seen.has(name)) {
      report(context, ['routes', index, 'name'], {
        message:
          name === 'default' ? 'this name is taken by the last route' : 'two routes have this name',
        hint: 'Records name their route; choose another name.',
      })
    }
    seen.add(name)
    if (upstream !== null && !refused.sections.has('upstreams')) {
      checkName(['routes', index, 'match', 'upstream'], upstream, upstreamNames, context)
    }
    if (!refused.sections.has('retention')) {
      checkName(['routes', index, 'retention'], retentionClass, classNames, context)
    }
    const mode = route.recording ?? checked.recording.mode
    return { name, mode, retentionClass, match: { upstream, surface, service, model } }
  })
  warnShadowed(rules, context)
  return [...rules, defaultRule(checked.recording.mode)]
}

function defaultRule(mode: RecordingMode): RouteRule {
  const match = { upstream: null, surface: null, service: null, model: null }
  return { name: 'default', mode, retentionClass: 'default', match }
}

function checkName(
  path: Path,
  written: string,
  known: readonly string[],
  context: ResolveContext,
): void {
  if (known.includes(written)) return
  const close = didYouMean(written, known)
  report(context, path, {
    message: 'there is nothing of this name',
    allowed: known.join(', '),
    hint: close === null ? '' : `Did you mean ${close}?`,
  })
}

function warnShadowed(rules: readonly RouteRule[], context: ResolveContext): void {
  const all = rules.findIndex(({ match }) =>
    Object.values(match).every((glob) => glob === null || glob === '*'),
  )
  if (all === -1 || all === rules.length - 1) return
  context.warnings.push(
    `routes: ${rules[all]?.name ?? ''} matches everything, so the routes after it are never used`,
  )
}
