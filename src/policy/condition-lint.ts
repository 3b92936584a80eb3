/** Checks a parsed CEL condition: known names only, bounded size, no nested loops, entities that can be looked for. */
import type { Expr } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js'

export const CONDITION_LIMITS = { charsMax: 2000, nodesMax: 200, loopsMax: 1 } as const

/** Variables with the members that maps among them have; null for those that are no maps. */
export const CONDITION_NAMES: Readonly<Record<string, readonly string[] | null>> = {
  caller: ['id', 'kind', 'method', 'key', 'groups', 'claims'],
  service: ['proven', 'declared'],
  request: [
    'bytes',
    'newBytes',
    'tokens',
    'newTokens',
    'blocks',
    'newBlocks',
    'toolResults',
    'stream',
    'inspected',
  ],
  findings: [],
  time: ['hour', 'minute', 'weekday', 'unixMs'],
  tools: null,
  conversation: null,
  upstream: null,
  dialect: null,
  surface: null,
  route: null,
  model: null,
}

export const FINDING_FUNCTIONS = ['count', 'new', 'carried'] as const

const FUNCTIONS: ReadonlySet<string> = new Set([
  ...FINDING_FUNCTIONS,
  'size',
  'contains',
  'startsWith',
  'endsWith',
  'matches',
  'int',
  'uint',
  'double',
  'string',
  'bool',
])

export interface ConditionCheck {
  readonly problems: readonly string[]
  readonly entities: readonly string[]
  readonly asksFindings: boolean
}

export function problemsOf(expr: Expr, source: string): ConditionCheck {
  const lint = new ConditionLint()
  if (source.length > CONDITION_LIMITS.charsMax)
    lint.problems.add(`the expression is longer than ${CONDITION_LIMITS.charsMax} characters`)
  lint.visit(expr, new Set(), 0)
  if (lint.nodes > CONDITION_LIMITS.nodesMax)
    lint.problems.add(
      `the expression has ${lint.nodes} parts, at most ${CONDITION_LIMITS.nodesMax} are accepted; split the rule`,
    )
  return {
    problems: [...lint.problems],
    entities: [...lint.entities].toSorted(),
    asksFindings: lint.asksFindings,
  }
}

class ConditionLint {
  readonly problems = new Set<string>()
  readonly entities = new Set<string>()
  asksFindings = false
  nodes = 0

  visit(expr: Expr | undefined, bound: ReadonlySet<string>, loops: number): void {
    if (expr === undefined) return
    this.nodes += 1
    const { exprKind } = expr
    switch (exprKind.case) {
      case 'identExpr':
        this.#name(exprKind.value.name, bound)
        return
      case 'selectExpr': {
        const { operand, field } = exprKind.value
        this.visit(operand, bound, loops)
        this.#member(operand, field)
        return
      }
      case 'callExpr': {
        const { target, function: name, args } = exprKind.value
        this.visit(target, bound, loops)
        this.#call(name, target, args)
        for (const arg of args) this.visit(arg, bound, loops)
        return
      }
      case 'listExpr':
        for (const element of exprKind.value.elements) this.visit(element, bound, loops)
        return
      case 'structExpr':
        this.problems.add('messages and maps cannot be written in a condition')
        return
      case 'comprehensionExpr': {
        const { iterVar, accuVar, iterRange, accuInit, loopCondition, loopStep, result } =
          exprKind.value
        if (loops >= CONDITION_LIMITS.loopsMax)
          this.problems.add('a loop inside a loop can take very long; write two rules')
        this.visit(iterRange, bound, loops)
        const inner = new Set([...bound, iterVar, accuVar])
        for (const part of [accuInit, loopCondition, loopStep, result])
          this.visit(part, inner, loops + 1)
        return
      }
      case 'constExpr':
      case undefined:
    }
  }

  #name(name: string, bound: ReadonlySet<string>): void {
    if (bound.has(name) || Object.hasOwn(CONDITION_NAMES, name)) return
    this.problems.add(
      `${name} is not known; there are ${Object.keys(CONDITION_NAMES).toSorted().join(', ')}`,
    )
  }

  #member(operand: Expr | undefined, field: string): void {
    if (operand?.exprKind.case !== 'identExpr') return
    const { name } = operand.exprKind.value
    const members = Object.hasOwn(CONDITION_NAMES, name) ? CONDITION_NAMES[name] : undefined
    if (members === undefined) return
    if (members === null) this.problems.add(`${name} has no members`)
    else if (name === 'findings')
      this.problems.add('findings is asked by findings.count("ENTITY"), .new(…) or .carried(…)')
    else if (!members.includes(field))
      this.problems.add(`${name}.${field} is not known; there are ${members.join(', ')}`)
  }

  #call(name: string, target: Expr | undefined, args: readonly Expr[]): void {
    const isOperator = /^(?:[_@!-]|in$)/.test(name)
    if (!isOperator && !FUNCTIONS.has(name)) {
      this.problems.add(`the function ${name} is not known`)
      return
    }
    const isFindings =
      target?.exprKind.case === 'identExpr' && target.exprKind.value.name === 'findings'
    if (!(FINDING_FUNCTIONS as readonly string[]).includes(name)) return
    if (!isFindings) {
      this.problems.add(`${name}() belongs to findings`)
      return
    }
    this.asksFindings = true
    const [entity] = args
    if (entity === undefined) return
    const { exprKind } = entity
    if (exprKind.case === 'constExpr' && exprKind.value.constantKind.case === 'stringValue')
      this.entities.add(exprKind.value.constantKind.value)
    else this.problems.add(`findings.${name}(…) takes an entity written as a text`)
  }
}
