/** Resolves `approvals`, and checks that its addresses are addresses and its secrets are there. */
import type { ApprovalSettings, HoldSettings } from '../model/approval-settings.ts'
import type { Upstream } from '../model/upstream.ts'
import type { Path } from './problems.ts'
import { report, secretFolder } from './resolve-context.ts'
import type { ResolveContext } from './resolve-context.ts'
import { resolveKeepalive } from './resolve-keepalive.ts'
import type { CheckedConfig } from './schema.ts'
import { Secret } from './secret.ts'
import { resolveSecret } from './upstreams.ts'

export function resolveApprovals(
  checked: CheckedConfig,
  routeNames: readonly string[],
  upstreams: readonly Upstream[],
  context: ResolveContext,
): ApprovalSettings {
  const { approvals } = checked
  const secret = (path: readonly string[], written: string): Secret =>
    resolveSecret(path, written, {
      env: context.env,
      folder: secretFolder(context),
      report: (_path, text) => {
        report(context, path, text)
      },
    }) ?? new Secret('', 'nowhere')
  const at = (...rest: readonly string[]): readonly string[] => ['approvals', ...rest]
  return {
    consoleUrl: consoleUrlOf(approvals.consoleUrl, at('consoleUrl'), context),
    groups: approvals.groups,
    breakGlass: approvals.breakGlass,
    authorsMayApprove: approvals.authorsMayApprove,
    freshLoginMs: approvals.freshLogin,
    hold: {
      budgetMs: approvals.hold.budget,
      pending: approvals.hold.pending,
      keepalive: null,
    },
    routes: routeHolds(checked, routeNames, upstreams, context),
    webhooks: Object.entries(approvals.webhooks).map(([name, { url, secret: written }]) => ({
      name,
      url: webUrl(url, at('webhooks', name, 'url'), context),
      secret: secret(at('webhooks', name, 'secret'), written),
    })),
    slack:
      approvals.slack === undefined
        ? null
        : {
            channel: approvals.slack.channel,
            apiUrl: webUrl(approvals.slack.apiUrl, at('slack', 'apiUrl'), context),
            botToken: secret(at('slack', 'botToken'), approvals.slack.botToken),
            signingSecret: secret(at('slack', 'signingSecret'), approvals.slack.signingSecret),
            people: approvals.slack.people,
          },
    teams: Object.entries(approvals.teams).map(([name, url]) => ({
      name,
      url: secret(at('teams', name), url),
    })),
    email:
      approvals.email === undefined
        ? null
        : {
            smtpUrl: secret(at('email', 'smtp'), approvals.email.smtp),
            from: approvals.email.from,
            to: approvals.email.to,
          },
  }
}

function routeHolds(
  checked: CheckedConfig,
  routeNames: readonly string[],
  upstreams: readonly Upstream[],
  context: ResolveContext,
): Readonly<Record<string, Partial<HoldSettings>>> {
  return Object.fromEntries(
    checked.routes.flatMap(({ approvals, match }, index) => {
      const name = routeNames[index]
      if (approvals === undefined || name === undefined) return []
      const { budget, pending } = approvals
      const keepalive = resolveKeepalive(approvals.keepalive, match, upstreams, {
        path: ['routes', index, 'approvals', 'keepalive'],
        context,
      })
      const said: Partial<HoldSettings> = {
        ...(budget === undefined ? {} : { budgetMs: budget }),
        ...(pending === undefined ? {} : { pending }),
        ...(keepalive === null ? {} : { keepalive }),
      }
      return [[name, said] as const]
    }),
  )
}

function consoleUrlOf(
  written: string | undefined,
  path: Path,
  context: ResolveContext,
): string | null {
  if (written === undefined) return null
  const url = webUrl(written, path, context).replace(/\/$/, '')
  if (URL.canParse(url) && new URL(url).origin !== url) {
    report(context, path, {
      message: 'the address has more than an origin',
      allowed: 'an http:// or https:// URL without path, query or fragment',
    })
  }
  return url
}

function webUrl(written: string, path: Path, context: ResolveContext): string {
  const isWeb = URL.canParse(written) && /^https?:$/.test(new URL(written).protocol)
  if (!isWeb) {
    report(context, path, {
      message: 'this is no address',
      allowed: 'an http:// or https:// URL',
    })
  }
  return written.replace(/\/$/, '')
}
