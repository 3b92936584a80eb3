/** Resolves the trust rules of custody.yaml and reports those that would let strangers in. */
import type { TrustConfig } from './config.ts'
import { report } from './resolve-context.ts'
import type { ResolveContext } from './resolve-context.ts'
import type { CheckedConfig } from './schema.ts'
import { trustRule } from './trust-rule.ts'

export function resolveTrust(
  checked: CheckedConfig['trust'],
  context: ResolveContext,
): TrustConfig {
  const rules = Object.entries(checked.rules).map(([name, written]) => {
    const { rule, problems } = trustRule(name, written, true)
    for (const { path, message, hint } of problems) {
      report(context, ['trust', 'rules', name, ...path], { message, hint })
    }
    return rule
  })
  return { rules, allowPrivateIssuers: checked.allowPrivateIssuers }
}
