/** `custody policy explain EXCHANGE`: for each rule why it fired or did not, with the facts it saw. */
import { createRecordedLook } from '../../app/recorded-facts.ts'
import { openMaskingKey } from '../../evidence/keyring.ts'
import { visibleLine } from '../../lib/visible-text.ts'
import { explain } from '../../policy/explain.ts'
import type { RuleExplanation } from '../../policy/explain.ts'
import { sightPlan } from '../../policy/sight-plan.ts'
import { join } from 'node:path'
import { openDataFolder } from '../data-folder.ts'
import { exchangeIdFrom, findExchange } from '../find-exchange.ts'
import { configFor } from '../load.ts'
import { EXIT, failWith, print, printJson, say } from '../output.ts'
import { policyFor, policyIn, readOrSay } from './read.ts'
import type { PolicyOptions } from './read.ts'

export interface ExplainOptions extends PolicyOptions {
  readonly policy?: string
}

export async function explainExchange(written: string, options: ExplainOptions): Promise<void> {
  const id = exchangeIdFrom(written)
  if (id === null) return
  const named = readOrSay(
    options.policy === undefined ? policyFor(undefined, options) : policyIn(options.policy),
  )
  if (named === null) return
  const { config } = configFor({ data: options.data, config: options.config })
  await using data = await openDataFolder(config)
  if (data === null) return
  const recorded = await findExchange(data, id, 'policy explain')
  if (recorded === null) return
  const { policy } = named.loaded
  const plan = sightPlan(null, policy)
  const master = await openMaskingKey(join(data.folder, 'keys'), data.keyProvider)
  await using look = createRecordedLook(plan.kind === 'plan' ? plan.plan : null, master)
  const facts = await look.facts(recorded)
  if (facts === null) return failWith(EXIT.failed, `the body of ${id} cannot be read`)
  const { decision } = recorded.facts
  const rules = explain(policy, facts)
  if (options.json === true) {
    printJson({ id, policy: policy.hash, recorded: decision ?? null, rules })
    return
  }
  if (decision === undefined) say('no policy was in force when it was recorded')
  else {
    const by = decision.deciding === null ? '' : ` by ${decision.deciding}`
    print(`recorded: ${decision.verdict}${by}, policy ${decision.policy.slice(0, 16)}`)
    if (decision.policy !== policy.hash)
      say(
        `warning: this explains ${named.source}, which is another policy than the one in force then`,
      )
  }
  for (const rule of rules) for (const line of linesOf(rule)) print(visibleLine(line, 1000))
}

function linesOf({ rule, verdict, stage, outcome, criteria, title }: RuleExplanation): string[] {
  return [
    `${rule}: ${outcome} (${verdict}, ${stage}) — ${title}`,
    ...criteria.map(
      ({ name, holds, saw }) => `  ${holds === null ? '?' : holds ? '+' : '-'} ${name}: ${saw}`,
    ),
  ]
}
