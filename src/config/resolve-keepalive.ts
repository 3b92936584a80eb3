/** Resolves `routes[].approvals.keepalive`, and refuses what the wire formats behind the route have no room for. */
import type { DialectName } from '../model/dialect.ts'
import type { KeepaliveSettings } from '../model/keepalive.ts'
import { STREAM_KEEPALIVES_OF } from '../model/keepalive.ts'
import type { Upstream } from '../model/upstream.ts'
import type { Path } from './problems.ts'
import { report } from './resolve-context.ts'
import type { ResolveContext } from './resolve-context.ts'
import type { CheckedConfig } from './schema.ts'

type CheckedRoute = CheckedConfig['routes'][number]
type Written = NonNullable<CheckedRoute['approvals']>['keepalive']

export function resolveKeepalive(
  written: Written,
  match: CheckedRoute['match'],
  upstreams: readonly Upstream[],
  { path, context }: { readonly path: Path; readonly context: ResolveContext },
): KeepaliveSettings | null {
  if (written === undefined) return null
  const { streams = null, wholes = null, every } = written
  if (streams === null && wholes === null) {
    report(context, path, {
      message: 'it says for no kind of answer what callers are sent',
      allowed: '`streams`, `wholes` or both',
    })
  }
  const unfit =
    streams === null
      ? []
      : dialectsBehind(match, upstreams).filter(
          (dialect) => !STREAM_KEEPALIVES_OF[dialect].includes(streams),
        )
  if (streams !== null && unfit.length > 0) {
    const allowed = STREAM_KEEPALIVES_OF[unfit[0] ?? 'bedrock']
    report(context, [...path, 'streams'], {
      message: `streams of ${unfit.join(', ')} have no room for ${streams}`,
      found: streams,
      allowed: allowed.join(', '),
      hint: 'A route that names an upstream of another dialect in `match` may use it.',
    })
  }
  return { streams, wholes, everyMs: every }
}

/** A surface is named after its dialect. */
function dialectsBehind(
  { upstream, surface }: CheckedRoute['match'],
  upstreams: readonly Upstream[],
): readonly DialectName[] {
  const named = surface?.split('.', 1)[0] ?? ''
  if (isDialect(named)) return [named]
  const behind = upstreams.filter(({ name }) => upstream === undefined || name === upstream)
  return [...new Set(behind.map(({ dialect }) => dialect))]
}

function isDialect(name: string): name is DialectName {
  return Object.hasOwn(STREAM_KEEPALIVES_OF, name)
}
