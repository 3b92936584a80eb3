/** Each rule of a policy text as one comparable text, by id: what has to differ for a rule to count as changed. */
import { isJsonObject } from '../../lib/json/loose.ts'
import { readYaml } from '../yaml-source.ts'
import { POLICY_CHARS_MAX } from './read-policy.ts'

/** Rules that a later version of the gateway would refuse are still told apart; empty where the text is no YAML. */
export function ruleTexts(text: string): ReadonlyMap<string, string> {
  const reading = readYaml(text, POLICY_CHARS_MAX)
  if (reading.kind === 'problems') return new Map()
  const rules = member(reading.value, 'rules')
  if (!Array.isArray(rules)) return new Map()
  return new Map(
    rules.flatMap((rule: unknown): readonly [string, string][] => {
      const id = member(rule, 'id')
      return typeof id === 'string' ? [[id, canonical(rule)]] : []
    }),
  )
}

function member(value: unknown, name: string): unknown {
  return isJsonObject(value) ? value[name] : undefined
}

/** Order of fields, comments and spelling of YAML do not make another rule; its tests do not decide anything. */
function canonical(value: unknown, isRule = true): string {
  if (Array.isArray(value)) return `[${value.map((one) => canonical(one, false)).join(',')}]`
  if (!isJsonObject(value)) return JSON.stringify(value) ?? 'null'
  const fields = Object.keys(value)
    .filter((name) => !(isRule && name === 'tests'))
    .toSorted()
    .map((name) => `${JSON.stringify(name)}:${canonical(value[name], false)}`)
  return `{${fields.join(',')}}`
}
