/** Reads a policy from text: every problem at once with its line, or a compiled policy with its tests. */
import { createHash } from 'node:crypto'
import { isJsonObject } from '../../lib/json/loose.ts'
import { DetectorShelf } from '../../policy/detector-shelf.ts'
import { Policy } from '../../policy/policy.ts'
import { sightPlan } from '../../policy/sight-plan.ts'
import type { ConfigProblem } from '../config.ts'
import { problemAt, schemaProblems } from '../problems.ts'
import type { Origins } from '../problems.ts'
import { shippedPacks } from '../rule-files.ts'
import { readYaml } from '../yaml-source.ts'
import { resolveRule } from './resolve-rule.ts'
import type { RuleContext } from './rule-context.ts'
import { policySchema, ruleSchema } from './schema.ts'
import type { CheckedTest } from './schema.ts'

export const POLICY_CHARS_MAX = 1024 * 1024

/** A policy with what it was read from. */
export interface LoadedPolicy {
  readonly policy: Policy
  readonly text: string
  /** By id of the rule. */
  readonly tests: ReadonlyMap<string, readonly CheckedTest[]>
  /** Line of each rule, by id. */
  readonly lines: ReadonlyMap<string, number>
  /** Reference to the URL that webhook alerts go to; null when none is named. */
  readonly webhook: string | null
}

export type PolicyReading =
  | { readonly kind: 'policy'; readonly loaded: LoadedPolicy }
  | { readonly kind: 'problems'; readonly problems: readonly ConfigProblem[] }

let shelf: DetectorShelf | null = null

/** The detectors that are shipped with this version. */
function shippedShelf(): DetectorShelf {
  shelf ??= new DetectorShelf(shippedPacks())
  return shelf
}

/** SHA-256 of the text, 64 hex digits: the same as `sha256sum` says of the file. */
export function policyHash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** `source` is named in problems: a path, or what the console calls it; `entities` are those of the operator's own detectors. */
export function readPolicy(
  text: string,
  source: string,
  entities: readonly string[] = [],
): PolicyReading {
  const reading = readYaml(text, POLICY_CHARS_MAX)
  if (reading.kind === 'problems') {
    const problems = reading.problems.map(({ line, column, message, hint }) => ({
      path: '',
      source,
      line,
      column,
      message,
      found: '',
      allowed: '',
      hint,
    }))
    return { kind: 'problems', problems }
  }
  const origins: Origins = { file: source, locate: reading.locate, overrides: new Map() }
  const parsed = policySchema.safeParse(reading.value)
  if (!parsed.success) {
    const problems = schemaProblems(parsed.error.issues, reading.value, origins, policySchema)
    return {
      kind: 'problems',
      problems: inOrder([...problems, ...ofSoundRules(reading.value, origins, entities)]),
    }
  }
  const { rules: written, webhook = null } = parsed.data
  const context: RuleContext = {
    origins,
    shelf: shippedShelf(),
    problems: [],
    ids: new Set(),
    labels: [...entities, ...written.flatMap(({ label }) => label ?? [])],
  }
  const rules = written.map((rule, index) => resolveRule(rule, ['rules', index], context))
  const policy = new Policy(policyHash(text), rules, context.shelf)
  if (context.problems.length === 0) reportUncompiled(policy, origins, context.problems)
  if (context.problems.length > 0) return { kind: 'problems', problems: inOrder(context.problems) }
  const lines = new Map(
    rules.map(({ id }, index) => [id, reading.locate(['rules', index], 'value')?.line ?? 1]),
  )
  const tests = new Map(written.map((rule) => [rule.id, rule.tests ?? []]))
  return { kind: 'policy', loaded: { policy, text, tests, lines, webhook } }
}

/** What is wrong with rules that the schema accepts, beside those that it refuses: all problems come at once. */
function ofSoundRules(
  value: unknown,
  origins: Origins,
  entities: readonly string[],
): readonly ConfigProblem[] {
  const rules: unknown = isJsonObject(value) ? value['rules'] : null
  if (!Array.isArray(rules)) return []
  const read = rules.map((rule: unknown) => ruleSchema.safeParse(rule))
  const context: RuleContext = {
    origins,
    shelf: shippedShelf(),
    problems: [],
    ids: new Set(),
    labels: [...entities, ...read.flatMap(({ data }) => data?.label ?? [])],
  }
  read.forEach(({ data }, index) => {
    if (data !== undefined) resolveRule(data, ['rules', index], context)
  })
  return context.problems
}

/** All patterns and detectors together may be more than one automaton holds. */
function reportUncompiled(policy: Policy, origins: Origins, problems: ConfigProblem[]): void {
  const plan = sightPlan(null, policy)
  if (plan.kind === 'plan') return
  for (const { rule, problem } of plan.problems)
    problems.push(
      problemAt(origins, ['rules'], { message: rule === '' ? problem : `${rule}: ${problem}` }),
    )
}

function inOrder(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return problems.toSorted(
    (one, other) => (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0),
  )
}
