/** Resolves the trust rules of custody.yaml and reports those that would let strangers in. */
import type { TrustConfig } from './config.ts'
import { report } from './resolve-context.ts'
import type { ResolveContext } from './resolve-context.ts'
import type { CheckedConfig } from './schema.ts'
import { trustRule } from './trust-rule.ts'

export function resolveTrust(
  checked: CheckedConfig['trust'],
  context: ResolveContext,
  asksForCertificates: boolean,
): TrustConfig {
  const rules = Object.entries(checked.rules).map(([name, written]) => {
    const { rule, problems } = trustRule(name, written, true)
    for (const { path, message, hint } of problems) {
      report(context, ['trust', 'rules', name, ...path], { message, hint })
    }
    return rule
  })
  const speaksOfCertificates = rules.some(({ kind }) => kind === 'certificate')
  if (speaksOfCertificates && !asksForCertificates)
    context.warnings.push(
      'trust: a rule speaks of client certificates, and tls.clientCertificates asks for none',
    )
  return { rules, allowPrivateIssuers: checked.allowPrivateIssuers }
}
