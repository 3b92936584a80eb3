/** Reads the policy file that custody.yaml names; its problems come with those of the configuration. */
import type { MaskingPlan } from '../../detect/masking-plan.ts'
import { looksSecret } from '../../lib/secret-shape.ts'
import type { Policy } from '../../policy/policy.ts'
import { sightPlan } from '../../policy/sight-plan.ts'
import type { PolicyFile } from '../config.ts'
import { readTextFile } from '../read-text-file.ts'
import { pathOf, report, secretFolder } from '../resolve-context.ts'
import type { ResolveContext } from '../resolve-context.ts'
import type { CheckedConfig } from '../schema.ts'
import type { Secret } from '../secret.ts'
import { resolveSecret } from '../upstreams.ts'
import type { LoadedPolicy } from './read-policy.ts'
import { readPolicy } from './read-policy.ts'

export function resolvePolicy(
  checked: CheckedConfig,
  plans: readonly MaskingPlan[],
  context: ResolveContext,
): PolicyFile | null {
  const { policy } = checked
  if (policy === undefined) return null
  const path = ['policy']
  const file = pathOf(path, policy, context)
  const text = readTextFile(file)
  if (text.kind === 'unread') {
    // People do paste credentials in the wrong place.
    const hint = looksSecret(policy) ? 'Write the path of a policy file.' : `See ${file}.`
    report(context, path, { message: `the policy file ${text.fault}`, hint })
    return null
  }
  const reading = readPolicy(text.text, file, entitiesOf(plans))
  if (reading.kind === 'problems') {
    context.problems.push(...reading.problems)
    return null
  }
  for (const plan of new Set(plans)) reportUnjoined(plan, reading.loaded.policy, context)
  return { file, loaded: reading.loaded, webhook: webhookOf(reading.loaded, context) }
}

function webhookOf({ policy, webhook }: LoadedPolicy, context: ResolveContext): Secret | null {
  const isAsked = policy.rules.some(({ obligations }) =>
    obligations.some((one) => one.kind === 'alert' && one.channel === 'webhook'),
  )
  const path = ['policy']
  if (webhook === null) {
    if (isAsked)
      report(context, path, {
        message: 'a rule alerts by webhook, and the policy names none',
        hint: 'Write webhook: ${ENV_NAME} at the top of the policy.',
      })
    return null
  }
  const url = resolveSecret(path, webhook, {
    env: context.env,
    folder: secretFolder(context),
    report: (_path, text) => {
      report(context, path, { ...text, message: `webhook: ${text.message}` })
    },
  })
  if (url !== null && !/^https?:\/\//.test(url.reveal()))
    report(context, path, { message: 'the webhook is no http or https URL' })
  return url
}

/** Also those of the operator's own rules and terms. */
export function entitiesOf(plans: readonly MaskingPlan[]): readonly string[] {
  const entities = plans.flatMap(({ rules }) => [
    ...rules.ruleset.rules.map(({ entity }) => entity),
    rules.source.terms?.entity ?? [],
  ])
  return [...new Set(entities.flat())]
}

/** What masking and policy look for must fit into one automaton. */
function reportUnjoined(plan: MaskingPlan, policy: Policy, context: ResolveContext): void {
  const joined = sightPlan(plan, policy)
  if (joined.kind === 'plan') return
  for (const { rule, problem } of joined.problems)
    report(context, ['policy'], {
      message: `together with masking: ${rule === '' ? '' : `${rule}: `}${problem}`,
    })
}
