/** Compares two policies rule by rule. */
import type { Policy } from './policy.ts'
import type { PolicyRule } from './rule.ts'

export interface FieldChange {
  readonly field: string
  readonly before: string
  readonly after: string
}

export interface RuleChange {
  readonly rule: string
  readonly change: 'added' | 'removed' | 'changed'
  readonly fields: readonly FieldChange[]
}

export function policyChanges(
  before: Policy,
  after: Policy,
  isEqual: (one: unknown, other: unknown) => boolean,
): readonly RuleChange[] {
  const old = new Map(before.rules.map((rule) => [rule.id, rule]))
  const next = new Map(after.rules.map((rule) => [rule.id, rule]))
  const ids = [...new Set([...old.keys(), ...next.keys()])].toSorted()
  return ids.flatMap((rule): readonly RuleChange[] => {
    const [was, is] = [old.get(rule), next.get(rule)]
    if (was === undefined) return [{ rule, change: 'added', fields: [] }]
    if (is === undefined) return [{ rule, change: 'removed', fields: [] }]
    const [one, other] = [fieldsOf(was), fieldsOf(is)]
    const names = [...new Set([...Object.keys(one), ...Object.keys(other)])]
    const fields = names
      .filter((field) => !isEqual(one[field], other[field]))
      .map((field) => ({ field, before: shown(one[field]), after: shown(other[field]) }))
    return fields.length === 0 ? [] : [{ rule, change: 'changed', fields }]
  })
}

function fieldsOf(rule: PolicyRule): Readonly<Record<string, unknown>> {
  const { id: _id, criteria, ...rest } = rule
  const { content, when, ...names } = criteria
  return { ...rest, ...names, ...content, when: when?.source ?? null }
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'none'
  if (Array.isArray(value) && value.length === 0) return 'none'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
