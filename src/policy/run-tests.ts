/** Runs the tests that stand beside rules: the evaluator of live traffic over text that is looked into the same way. */
import { compileRules } from '../detect/compiled-rules.ts'
import type { MatcherOptions } from '../detect/matcher.ts'
import { scanText } from '../detect/matcher.ts'
import { operatorsOf, uncoveredOf } from '../detect/masking-plan.ts'
import type { Verdict } from '../model/decision.ts'
import { evaluate } from './evaluate.ts'
import { estimatedTokens } from './facts.ts'
import type { PolicyFacts, SeenFinding } from './facts.ts'
import type { Policy } from './policy.ts'
import { sightPlan } from './sight-plan.ts'

/** What a test puts before its rule; everything may be left out. */
export interface GivenFacts {
  readonly text?: string | undefined
  readonly toolResult?: string | undefined
  readonly tool?: string | undefined
  readonly carriedOver?: boolean | undefined
  readonly caller?:
    | {
        readonly id?: string | undefined
        readonly kind?: string | undefined
        readonly method?: string | undefined
        readonly groups?: readonly string[] | undefined
        readonly service?: string | undefined
        readonly claims?: Readonly<Record<string, string>> | undefined
      }
    | undefined
  readonly service?: string | undefined
  readonly upstream?: string | undefined
  readonly surface?: string | undefined
  readonly route?: string | undefined
  readonly model?: string | undefined
  readonly bytes?: number | undefined
  readonly at?: string | undefined
}

export interface RuleTest {
  readonly name: string
  readonly given: GivenFacts
  readonly expect: Verdict | 'fires' | 'silent'
}

export interface TestOutcome {
  readonly rule: string
  readonly name: string
  readonly expected: RuleTest['expect']
  readonly got: Verdict | 'fires' | 'silent'
  readonly passed: boolean
  /** What the rule saw, when it fired. */
  readonly reasons: readonly string[]
}

export function runTests(
  policy: Policy,
  tests: ReadonlyMap<string, readonly RuleTest[]>,
): readonly TestOutcome[] {
  return policy.rules.flatMap((rule) => {
    const own = tests.get(rule.id) ?? []
    if (own.length === 0) return []
    const alone = policy.enforced(({ id }) => id === rule.id)
    return own.map((test) => outcomeOf(alone, rule.id, test))
  })
}

function outcomeOf(alone: Policy, rule: string, { name, given, expect }: RuleTest): TestOutcome {
  const [compiled] = alone.compiled
  const decision = evaluate(alone, givenFacts(alone, given))
  const asksFiring = expect === 'fires' || expect === 'silent'
  const fired = decision.hits.length > 0
  const got = asksFiring ? (fired ? 'fires' : 'silent') : decision.verdict
  return {
    rule: compiled?.rule.id ?? rule,
    name,
    expected: expect,
    got,
    passed: got === expect,
    reasons: decision.hits.flatMap(({ reasons }) => reasons),
  }
}

/** Facts of an exchange that holds only what is given. The moment is the rule's own. */
export function givenFacts(policy: Policy, given: GivenFacts): PolicyFacts {
  const { caller = {}, text = '', toolResult } = given
  const on = policy.compiled[0]?.rule.on ?? ['request']
  const moment =
    given.tool !== undefined && on.includes('tool_call')
      ? 'tool_call'
      : on.includes('request') || on.includes('tool_result')
        ? 'request'
        : on.includes('tool_call')
          ? 'tool_call'
          : 'response'
  const bytes = given.bytes ?? Buffer.byteLength(text) + Buffer.byteLength(toolResult ?? '')
  const isNew = given.carriedOver !== true
  return {
    moment,
    atMs: Date.parse(given.at ?? '2026-01-05T12:00:00Z'),
    lot: '',
    caller: {
      id: caller.id ?? 'somebody',
      kind: caller.kind ?? 'person',
      method: caller.method ?? 'gateway-key',
      key: '',
      service: caller.service ?? '',
      groups: caller.groups ?? [],
      claims: caller.claims ?? {},
    },
    declaredService: given.service ?? '',
    upstream: given.upstream ?? 'openai',
    dialect: 'openai',
    surface: given.surface ?? 'openai.chat-completions',
    route: given.route ?? 'default',
    model: given.model ?? 'gpt-5',
    stream: false,
    size: {
      bytes,
      newBytes: isNew ? bytes : 0,
      tokens: estimatedTokens(bytes),
      newTokens: isNew ? estimatedTokens(bytes) : 0,
    },
    counts: { blocks: 1, newBlocks: isNew ? 1 : 0, toolResults: toolResult === undefined ? 0 : 1 },
    tools: given.tool === undefined ? [] : [given.tool],
    conversation: '',
    findings: [
      ...found(policy, text, isNew, 'user'),
      ...(toolResult === undefined ? [] : found(policy, toolResult, isNew, 'tool')),
    ],
    inspection: 'done',
  }
}

/** True when a pattern alone finds something in the text. */
export function findsAny(pattern: string, text: string): boolean {
  const watch = { terms: [], patterns: [{ id: 'pattern', entity: 'PATTERN', pattern }] }
  const compiled = compileRules({
    documents: [],
    choice: { packs: [], without: [] },
    terms: null,
    watch,
  })
  if (compiled.kind === 'problems') return false
  const options = {
    ...LOOK,
    operators: { byEntity: new Map(), fallback: { kind: 'keep' as const } },
    threshold: 0,
    terms: null,
  }
  return scanText(compiled.rules.ruleset, text, options).findings.length > 0
}

const LOOK = {
  // Nothing of a test is kept: the value is its own fingerprint.
  keys: {
    digest: (_purpose: string, value: string) => value,
    encrypt: () => '',
    tokenFor: () => '',
  },
  encoded: true,
  before: '',
  everyFinding: false,
}

function found(policy: Policy, text: string, isNew: boolean, role: string): readonly SeenFinding[] {
  const result = sightPlan(null, policy)
  if (text === '' || result.kind === 'problems' || result.plan === null) return []
  const { plan } = result
  const options: MatcherOptions = {
    ...LOOK,
    operators: operatorsOf(plan),
    threshold: plan.threshold,
    terms: plan.rules.terms,
    uncovered: uncoveredOf(plan),
  }
  return scanText(plan.rules.ruleset, text, options).findings.map(
    ({ rule, entity, fingerprint }) => ({ rule, entity, fingerprint, isNew, role }),
  )
}
