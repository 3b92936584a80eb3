/** `custody policy check` and `test`: problems and doubts with their lines, and the tests that stand beside rules. */
import { lintPolicy } from '../../policy/lint.ts'
import { runTests } from '../../policy/run-tests.ts'
import { visibleLine } from '../../lib/visible-text.ts'
import { EXIT, print, printJson, say } from '../output.ts'
import { policyFor, readOrSay } from './read.ts'
import type { PolicyOptions } from './read.ts'
import { terminal } from '../terminal.ts'

export interface CheckOptions extends PolicyOptions {
  readonly strict?: boolean
}

export function checkPolicy(file: string | undefined, options: CheckOptions): void {
  const answer = policyFor(file, options)
  if (options.json === true && answer.kind === 'problems') {
    printJson({ ok: false, hash: null, problems: answer.problems, warnings: [] })
    terminal().exitCode = EXIT.usage
    return
  }
  const named = readOrSay(answer)
  if (named === null) return
  const { source, loaded } = named
  const warnings = lintPolicy(loaded.policy, loaded.tests).map((warning) => ({
    ...warning,
    line: loaded.lines.get(warning.rule) ?? 1,
  }))
  const { hash, rules } = loaded.policy
  if (options.strict === true && warnings.length > 0) terminal().exitCode = EXIT.failed
  if (options.json === true) {
    printJson({ ok: true, hash, rules: rules.length, problems: [], warnings })
    return
  }
  for (const { rule, message, line } of warnings)
    say(visibleLine(`warning: ${source}:${line}: ${rule}: ${message}`, 1000))
  print(`ok: ${rules.length} ${rules.length === 1 ? 'rule' : 'rules'}, policy ${hash.slice(0, 16)}`)
}

export function testPolicy(file: string | undefined, options: PolicyOptions): void {
  const named = readOrSay(policyFor(file, options))
  if (named === null) return
  const { policy, tests } = named.loaded
  const outcomes = runTests(policy, tests)
  const failed = outcomes.filter(({ passed }) => !passed)
  if (failed.length > 0) terminal().exitCode = EXIT.failed
  if (options.json === true) {
    printJson({ ok: failed.length === 0, hash: policy.hash, tests: outcomes })
    return
  }
  for (const { rule, name, expected, got, reasons } of failed) {
    const why = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`
    print(visibleLine(`failed: ${rule}: ${name}: expected ${expected}, got ${got}${why}`, 1000))
  }
  const untested = policy.rules.filter(({ id }) => (tests.get(id) ?? []).length === 0)
  for (const { id } of untested) say(`warning: ${id} has no test`)
  print(`${outcomes.length - failed.length} of ${outcomes.length} tests passed`)
}
