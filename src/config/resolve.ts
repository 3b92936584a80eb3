/** Turns checked configuration into the resolved snapshot and checks what its parts need of each other. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { PriceList } from '../model/cost.ts'
import type { Upstream } from '../model/upstream.ts'
import type { Address, Config, IndexConfig } from './config.ts'
import { environmentUpstreams } from './environment-upstreams.ts'
import { pathOf, report, secretFolder } from './resolve-context.ts'
import type { ResolveContext } from './resolve-context.ts'
import { resolveEvidence } from './resolve-evidence.ts'
import { resolveLogin } from './resolve-login.ts'
import { resolveExports } from './resolve-exports.ts'
import { resolveApprovals } from './resolve-approvals.ts'
import { resolveListeners, resolveTls } from './resolve-listeners.ts'
import { resolveMasking } from './resolve-masking.ts'
import { resolvePolicy } from './policy/resolve-policy.ts'
import { resolveRetention, resolveRoutes } from './resolve-routes.ts'
import type { CheckedConfig } from './schema.ts'
import { resolveTrust } from './resolve-trust.ts'
import { resolveSecret, resolveUpstream } from './upstreams.ts'

/** Reports into `context`. The result is only fit for printing when problems were reported. */
export function resolveConfig(
  checked: CheckedConfig,
  context: ResolveContext,
): Omit<Config, 'hash'> {
  const [listen, admin] = resolveListeners(checked, context)
  const upstreams = resolveUpstreams(checked, [listen, admin], context)
  const retention = resolveRetention(checked, context)
  if (checked.limits.inspectBytesMax > checked.limits.bufferedBytesMax) {
    report(context, ['limits', 'inspectBytesMax'], {
      message: 'one body may be larger than all buffered bytes together',
      allowed: 'at most limits.bufferedBytesMax',
      hint: 'Lower inspectBytesMax or raise bufferedBytesMax.',
    })
  }
  const routes = resolveRoutes(checked, upstreams, retention, context)
  const masking = resolveMasking(
    checked,
    routes.map(({ name }) => name),
    context,
  )
  return {
    file: context.file,
    listen,
    admin,
    tls: resolveTls(checked, context),
    login: resolveLogin(checked.login, Object.keys(checked.approvals.groups), context),
    keys: resolveKeys(checked.keys),
    upstreams,
    routes,
    masking,
    policy: resolvePolicy(checked, Object.values(masking), context),
    prices: resolvePrices(checked),
    approvals: resolveApprovals(
      checked,
      routes.map(({ name }) => name),
      upstreams,
      context,
    ),
    exports: resolveExports(checked, context),
    restricted: checked.restricted,
    bundles: {
      approval: checked.bundles.approval,
      approvers: checked.bundles.approvers,
      expiresMs: checked.bundles.expires,
    },
    limits: checked.limits,
    containment: checked.containment,
    evidence: resolveEvidence(checked.evidence, context),
    trust: resolveTrust(checked.trust, context, checked.tls?.clientCertificates !== undefined),
    recording: checked.recording,
    storage: { folder: resolveFolder(checked, context), index: resolveIndex(checked, context) },
    retention,
    log: checked.log,
  }
}

function resolvePrices({ prices }: CheckedConfig): PriceList {
  const models = prices?.models ?? []
  return {
    currency: prices?.currency ?? 'USD',
    models: models.map(({ upstream = null, cachedInput, ...price }) => ({
      ...price,
      upstream,
      cachedInput: cachedInput ?? price.input,
    })),
  }
}

const DAY_MS = 86_400_000

function resolveKeys(written: CheckedConfig['keys']): Config['keys'] {
  const { staleAfterDays, endAfterDays, ownersArePeople } = written
  return {
    staleAfterMs: staleAfterDays * DAY_MS,
    graceMs: endAfterDays === 'never' ? null : endAfterDays * DAY_MS,
    ownersArePeople,
  }
}

function resolveFolder(checked: CheckedConfig, context: ResolveContext): string {
  const { folder } = checked.storage
  const path = ['storage', 'folder']
  const absolute =
    folder === undefined
      ? resolve(context.workingFolder, 'custody-data')
      : pathOf(path, folder, context)
  const stat = statSync(absolute, { throwIfNoEntry: false })
  if (stat !== undefined && !stat.isDirectory()) {
    report(context, path, { message: 'the data folder is not a folder', hint: `See ${absolute}.` })
  }
  return absolute
}

function resolveIndex(checked: CheckedConfig, context: ResolveContext): IndexConfig {
  const { index } = checked.storage
  if (index === 'sqlite') return { kind: 'sqlite' }
  const path = ['storage', 'index', 'postgres']
  const url = resolveSecret(path, index.postgres, {
    env: context.env,
    folder: secretFolder(context),
    report: (_path, text) => {
      report(context, path, text)
    },
  })
  if (url === null) return { kind: 'sqlite' }
  if (url.reveal() !== '' && !/^postgres(?:ql)?:\/\/./.test(url.reveal())) {
    report(context, path, {
      message: 'the secret is not a PostgreSQL connection string',
      allowed: 'a text that begins with postgres:// or postgresql://',
      hint: `See ${url.source}.`,
    })
  }
  return { kind: 'postgres', url }
}

function resolveUpstreams(
  checked: CheckedConfig,
  listeners: readonly Address[],
  context: ResolveContext,
): readonly Upstream[] {
  const shared = {
    env: context.env,
    folder: secretFolder(context),
    listeners,
    warn: (text: string) => {
      context.warnings.push(text)
    },
  }
  if (checked.upstreams === undefined && !context.refused.sections.has('upstreams')) {
    return environmentUpstreams({
      ...shared,
      report: (variable, text) => {
        const { message, found = '', allowed = '', hint = '' } = text
        const source = `env ${variable}`
        const place = { source, line: null, column: null }
        context.problems.push({ path: '', ...place, message, found, allowed, hint })
      },
    })
  }
  return Object.entries(checked.upstreams ?? {}).flatMap(([name, written]) => {
    if (RESERVED_NAMES.has(name)) {
      report(context, ['upstreams', name], {
        message: 'this name is taken by the gateway',
        hint: 'It is the first segment of a path that the gateway serves itself; choose another name.',
      })
    }
    const upstream = resolveUpstream(name, written, {
      ...shared,
      report: (path, text) => {
        report(context, ['upstreams', name, ...path], text)
      },
    })
    return upstream === null ? [] : [upstream]
  })
}

/** First path segments of the single-origin layout and of the path tag. */
const RESERVED_NAMES = new Set(['t', 'v1', 'v1beta', 'v1alpha', 'model', 'api'])
