/** Resolves the login section: secrets, files and origins, and what its parts need of each other. */
import { isLoopbackUrl } from '../lib/loopback-url.ts'
import { isRole } from '../model/people.ts'
import type { Role } from '../model/people.ts'
import type { LinkBy, LoginConfig, ProviderConfig, RolesConfig } from './login-config.ts'
import type { Path } from './problems.ts'
import { pathOf, report, secretFolder } from './resolve-context.ts'
import type { ResolveContext } from './resolve-context.ts'
import type { CheckedConfig } from './schema.ts'
import type { Secret } from './secret.ts'
import { resolveSecret } from './upstreams.ts'

type Checked = CheckedConfig['login']
type CheckedProvider = Checked['providers'][string]

export function resolveLogin(
  checked: Checked,
  listedGroups: readonly string[],
  context: ResolveContext,
): LoginConfig {
  checkApprovers(checked, listedGroups, context)
  const providers = Object.entries(checked.providers).flatMap(([name, written]) =>
    resolveProvider(name, written, context),
  )
  if (checked.links === 'break-glass' && providers.length === 0) {
    report(context, ['login', 'links'], {
      message: 'links are for break-glass accounts alone, and no provider lets anybody else in',
      hint: 'Add one under login.providers, or set links: everyone.',
    })
  }
  if (checked.links === 'break-glass' && checked.breakGlass.length === 0) {
    context.warnings.push(
      'login: no break-glass account is named; when the identity provider fails nobody gets in (login.breakGlass)',
    )
  }
  return {
    consoleUrl: resolveConsoleUrl(checked.consoleUrl, context),
    links: checked.links,
    breakGlass: checked.breakGlass,
    providers,
    scim: rolesOf(checked.scim),
    groupsLastMs: checked.groupsLast,
  }
}

/** Threat: who may choose the groups of a provider would speak for a role, or join a group that is a list. */
function checkApprovers(
  { providers }: Checked,
  listedGroups: readonly string[],
  context: ResolveContext,
): void {
  for (const [provider, { approvers }] of Object.entries(providers)) {
    for (const name of Object.keys(approvers)) {
      const isListed = listedGroups.includes(name)
      if (!isListed && !isRole(name)) continue
      report(context, ['login', 'providers', provider, 'approvers', name], {
        message: isListed
          ? 'approvals.groups lists this group, and it is exactly what is listed there'
          : 'this is the name of a role',
        hint: 'Choose another name for it in the rules.',
      })
    }
  }
}

function resolveConsoleUrl(written: string | undefined, context: ResolveContext): string | null {
  if (written === undefined) return null
  const url = URL.canParse(written) ? new URL(written) : null
  const isOrigin = url !== null && (url.href === written || url.href === `${written}/`)
  if (url !== null && isOrigin && `${url.origin}/` === url.href && isAllowed(url)) return url.origin
  report(context, ['login', 'consoleUrl'], {
    message: 'the console URL is not an origin that a browser keeps secrets for',
    allowed: 'https://host or https://host:port without a path; http:// only on loopback',
    hint: 'Write it as people type it: https://custody.example.com',
  })
  return null
}

function resolveProvider(
  name: string,
  written: CheckedProvider,
  context: ResolveContext,
): readonly ProviderConfig[] {
  const path = ['login', 'providers', name]
  const { oidc, saml } = written
  if ((oidc === undefined) === (saml === undefined)) {
    report(context, path, {
      message: 'a provider speaks one of oidc and saml',
      hint: 'Write exactly one of the two sections.',
    })
    return []
  }
  const common = {
    name,
    title: written.title ?? `Log in with ${name}`,
    roles: rolesOf(written),
    approvers: written.approvers,
    createPeople: written.createPeople,
    linkBy: written.linkBy satisfies readonly LinkBy[],
  }
  if (oidc !== undefined) {
    checkUrl([...path, 'oidc', 'issuer'], oidc.issuer, context)
    const secret = secretAt([...path, 'oidc', 'clientSecret'], oidc.clientSecret, context)
    const scopes = [...new Set(['openid', ...oidc.scopes])]
    return [{ ...common, ...oidc, kind: 'oidc', clientSecret: secret, scopes }]
  }
  if (saml === undefined) return []
  if ((saml.keyFile === undefined) !== (saml.certFile === undefined)) {
    report(context, [...path, 'saml'], {
      message: 'a key and its certificate come together',
      hint: 'Write both keyFile and certFile, or neither.',
    })
  }
  const isUrl = /^https?:/.test(saml.metadata)
  if (isUrl) checkUrl([...path, 'saml', 'metadata'], saml.metadata, context)
  const file = (key: 'metadata' | 'keyFile' | 'certFile', text: string): string =>
    pathOf([...path, 'saml', key], text, context)
  return [
    {
      ...common,
      ...saml,
      kind: 'saml',
      metadata: isUrl ? saml.metadata : file('metadata', saml.metadata),
      entityId: saml.entityId ?? null,
      keyFile: saml.keyFile === undefined ? null : file('keyFile', saml.keyFile),
      certFile: saml.certFile === undefined ? null : file('certFile', saml.certFile),
    },
  ]
}

function rolesOf(written: Pick<CheckedProvider, 'roles' | 'defaultRole'>): RolesConfig {
  const otherwise: readonly Role[] = written.defaultRole === 'none' ? [] : [written.defaultRole]
  return { byGroup: written.roles ?? null, otherwise }
}

function checkUrl(path: Path, written: string, context: ResolveContext): void {
  if (URL.canParse(written) && isAllowed(new URL(written))) return
  report(context, path, {
    message: 'what says who people are must come over TLS',
    allowed: 'an https:// URL; http:// only on loopback',
    hint: 'Whoever can change it on the way can be anybody.',
  })
}

function isAllowed(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackUrl(url))
}

function secretAt(
  path: readonly string[],
  reference: string | undefined,
  context: ResolveContext,
): Secret | null {
  if (reference === undefined) return null
  return resolveSecret(path, reference, {
    env: context.env,
    folder: secretFolder(context),
    report: (_path, text) => report(context, path, text),
  })
}
