/** Loads the configuration for a command, or says everything that is wrong with it. */
import type { Config, ConfigProblem } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import type { Flags } from '../config/overrides.ts'
import { terminal } from './terminal.ts'

/** Carries the printed lines to the one place that ends a command. */
export class ConfigRefused extends Error {
  override readonly name = 'ConfigRefused'
  readonly lines: readonly string[]

  constructor(problems: readonly ConfigProblem[]) {
    super('the configuration was refused')
    this.lines = problems.flatMap(problemLines)
  }
}

export function problemLines(problem: ConfigProblem): string[] {
  const place =
    problem.line === null ? problem.source : `${problem.source}:${problem.line}:${problem.column}`
  const about = problem.path === '' ? '' : `${problem.path}: `
  const found = problem.found === '' ? '' : ` (found ${problem.found})`
  const lines = [`error: ${place}: ${about}${problem.message}${found}`]
  if (problem.allowed !== '') lines.push(`       allowed: ${problem.allowed}`)
  if (problem.hint !== '') lines.push(`hint: ${problem.hint}`)
  return lines
}

/** Throws `ConfigRefused` with every problem at once. */
export function configFor(flags: Flags): {
  readonly config: Config
  readonly warnings: readonly string[]
} {
  const result = loadConfig({ env: terminal().env, workingFolder: terminal().folder, flags })
  if (result.kind === 'problems') throw new ConfigRefused(result.problems)
  return result
}
