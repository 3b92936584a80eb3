/** Conditions in CEL: parsed and checked once, bounded in size and nesting, evaluated over the facts of an exchange. */
import { celEnv, celMethod, CelScalar, isCelError, mapType, parse, plan } from '@bufbuild/cel'
import type { CelInput, CelResult } from '@bufbuild/cel'
import type { PolicyFacts } from './facts.ts'
import { clockIn } from './hours.ts'
import { problemsOf } from './condition-lint.ts'

export type ConditionOutcome =
  | { readonly kind: 'value'; readonly holds: boolean }
  /** Why it could not be decided; quotes nothing of the exchange. */
  | { readonly kind: 'failed'; readonly why: string }

/** A compiled condition. Private fields keep it out of printed and hashed policies. */
export class Condition {
  readonly source: string
  /** Entities it asks for: somebody must look for them. */
  readonly entities: readonly string[]
  /** True when it depends on what was found. */
  readonly asksFindings: boolean
  readonly #run: (bindings: Bindings) => CelResult
  /** Of the bindings asked last: a rule that fires is asked twice, for its verdict and for its reasons. */
  #last: { readonly bindings: Bindings; readonly outcome: ConditionOutcome } | null = null

  constructor(
    source: string,
    asked: { readonly entities: readonly string[]; readonly findings: boolean },
    run: (bindings: Bindings) => CelResult,
  ) {
    this.source = source
    this.entities = asked.entities
    this.asksFindings = asked.findings
    this.#run = run
  }

  /** Total: every fault is an outcome. */
  test(bindings: Bindings): ConditionOutcome {
    if (this.#last?.bindings === bindings) return this.#last.outcome
    const outcome = this.#evaluated(bindings)
    this.#last = { bindings, outcome }
    return outcome
  }

  #evaluated(bindings: Bindings): ConditionOutcome {
    try {
      const result = this.#run(bindings)
      if (isCelError(result)) return { kind: 'failed', why: 'the condition could not be evaluated' }
      if (typeof result === 'boolean') return { kind: 'value', holds: result }
      return { kind: 'failed', why: 'the condition is neither true nor false' }
    } catch {
      return { kind: 'failed', why: 'the condition could not be evaluated' }
    }
  }
}

export type CompiledCondition =
  | { readonly kind: 'condition'; readonly condition: Condition }
  | { readonly kind: 'problems'; readonly problems: readonly string[] }

export type Bindings = Readonly<Record<VariableName, CelInput>>

const VARIABLES = {
  caller: CelScalar.DYN,
  service: CelScalar.DYN,
  request: CelScalar.DYN,
  findings: CelScalar.DYN,
  time: CelScalar.DYN,
  tools: CelScalar.DYN,
  conversation: CelScalar.DYN,
  upstream: CelScalar.DYN,
  dialect: CelScalar.DYN,
  surface: CelScalar.DYN,
  route: CelScalar.DYN,
  model: CelScalar.DYN,
} as const

export type VariableName = keyof typeof VARIABLES

const FINDINGS = mapType(CelScalar.STRING, CelScalar.DYN)
const ALL = '*'

/** Counts of different values: `findings.count("IBAN_CODE")`; without an entity, of all. */
function counter(name: string, part: number) {
  const read = (counts: { get(key: string): unknown }, entity: string): bigint => {
    const list = counts.get(`${entity}\0${String(part)}`)
    return typeof list === 'bigint' ? list : 0n
  }
  return [
    celMethod(name, FINDINGS, [CelScalar.STRING], CelScalar.INT, function (entity) {
      return read(this, entity)
    }),
    celMethod(name, FINDINGS, [], CelScalar.INT, function () {
      return read(this, ALL)
    }),
  ]
}

const ENV = celEnv({
  variables: VARIABLES,
  funcs: [...counter('count', 0), ...counter('new', 1), ...counter('carried', 2)],
})

export function compileCondition(source: string): CompiledCondition {
  let parsed
  try {
    parsed = parse(source)
  } catch (error) {
    const line = error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''
    return { kind: 'problems', problems: [`this is no CEL expression: ${line}`] }
  }
  const { problems, entities, asksFindings } = problemsOf(parsed.expr, source)
  if (problems.length > 0) return { kind: 'problems', problems }
  const run = plan(ENV, parsed.expr)
  const asked = { entities, findings: asksFindings }
  return {
    kind: 'condition',
    condition: new Condition(source, asked, (bindings) => run(bindings)),
  }
}

/** What conditions see. Made once for all rules of an evaluation. */
export function bindingsOf(facts: PolicyFacts): Bindings {
  const { caller, size, counts } = facts
  const { minute, day } = clockIn('UTC', facts.atMs)
  return {
    caller: {
      id: caller.id,
      kind: caller.kind,
      method: caller.method,
      key: caller.key,
      groups: [...caller.groups],
      claims: { ...caller.claims },
    },
    service: { proven: caller.service, declared: facts.declaredService },
    request: {
      bytes: BigInt(size.bytes),
      newBytes: BigInt(size.newBytes),
      tokens: BigInt(size.tokens),
      newTokens: BigInt(size.newTokens),
      blocks: BigInt(counts.blocks),
      newBlocks: BigInt(counts.newBlocks),
      toolResults: BigInt(counts.toolResults),
      stream: facts.stream,
      inspected: facts.inspection === 'done',
    },
    findings: findingCounts(facts),
    time: {
      hour: BigInt(Math.floor(minute / 60)),
      minute: BigInt(minute % 60),
      weekday: BigInt(day),
      unixMs: BigInt(Math.trunc(facts.atMs)),
    },
    tools: [...facts.tools],
    conversation: facts.conversation,
    upstream: facts.upstream,
    dialect: facts.dialect,
    surface: facts.surface,
    route: facts.route,
    model: facts.model,
  }
}

/** Different values by entity and age, as one flat map. */
function findingCounts({ findings }: PolicyFacts): Readonly<Record<string, bigint>> {
  const values = new Map<string, Set<string>>()
  const add = (key: string, value: string): void => {
    const set = values.get(key) ?? new Set<string>()
    set.add(value)
    values.set(key, set)
  }
  for (const { entity, fingerprint, isNew } of findings) {
    const age = isNew ? '1' : '2'
    for (const name of [entity, ALL])
      for (const part of ['0', age]) add(`${name}\0${part}`, fingerprint)
  }
  return Object.fromEntries([...values].map(([key, set]) => [key, BigInt(set.size)]))
}
