/** Reads the one policy rule that a hunt puts before recorded exchanges, or says what is wrong with it. */
import { readPolicy } from '../config/policy/read-policy.ts'
import type { Policy } from '../policy/policy.ts'

/** Lines that stand before the rule in the policy that is made of it. */
const BEFORE = 2

/** `entities` are those of the operator's own detectors. */
export function huntedRule(yaml: string, entities: readonly string[]): Policy | string {
  const [first = '', ...rest] = yaml.trimEnd().split('\n')
  const lines = [`  - ${first}`, ...rest.map((line) => `    ${line}`)]
  const reading = readPolicy(`version: 1\nrules:\n${lines.join('\n')}\n`, 'rule', entities)
  if (reading.kind === 'problems') {
    return reading.problems
      .map(({ line, message, hint }) =>
        [line === null ? '' : `line ${Math.max(1, line - BEFORE)}:`, message, hint]
          .filter((text) => text !== '')
          .join(' '),
      )
      .join('; ')
  }
  const { policy } = reading.loaded
  const [only, ...more] = policy.compiled
  if (only === undefined || more.length > 0) return 'a hunt takes one rule'
  const { on, stage } = only.rule
  if (stage.kind === 'off') return 'the rule is off'
  if (!on.includes('request') && !on.includes('tool_result'))
    return 'it looks at answers: a hunt judges requests as they were recorded'
  return policy.enforced(() => true)
}
