/** Gets the policy that a command is about: the file it names, else the one that custody.yaml names. */
import { readFileSync } from 'node:fs'
import type { LoadedPolicy } from '../../config/policy/read-policy.ts'
import { readPolicy } from '../../config/policy/read-policy.ts'
import type { ConfigProblem } from '../../config/config.ts'
import { entitiesOf } from '../../config/policy/resolve-policy.ts'
import { readConfig } from '../../config/load.ts'
import { visibleLine } from '../../lib/visible-text.ts'
import { problemLines } from '../load.ts'
import { EXIT, failWith, say } from '../output.ts'
import { terminal } from '../terminal.ts'

export interface PolicyOptions {
  readonly config?: string
  readonly data?: string
  readonly json?: boolean
}

export interface NamedPolicy {
  readonly source: string
  readonly loaded: LoadedPolicy
}

export type PolicyAnswer =
  | { readonly kind: 'policy'; readonly policy: NamedPolicy }
  | { readonly kind: 'problems'; readonly problems: readonly ConfigProblem[] }
  /** It was said why. */
  | { readonly kind: 'none' }

export function policyFor(file: string | undefined, options: PolicyOptions): PolicyAnswer {
  if (file !== undefined) return policyIn(file)
  const { config, problems } = readConfig({
    env: terminal().env,
    workingFolder: terminal().folder,
    flags: { config: options.config, data: options.data },
  })
  if (problems.length > 0) return { kind: 'problems', problems }
  const named = config?.policy ?? null
  if (named !== null)
    return { kind: 'policy', policy: { source: named.file, loaded: named.loaded } }
  failWith(
    EXIT.usage,
    'custody.yaml names no policy file',
    'name one: custody policy check FILE; custody policy init makes one',
  )
  return { kind: 'none' }
}

export function policyIn(file: string): PolicyAnswer {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch {
    failWith(EXIT.usage, `${file} cannot be read as UTF-8 text`)
    return { kind: 'none' }
  }
  // Entities of the operator's own detectors are known where custody.yaml is.
  const { config } = readConfig({
    env: terminal().env,
    workingFolder: terminal().folder,
    flags: {},
  })
  const plans = Object.values(config?.masking ?? {})
  const reading = readPolicy(text, file, entitiesOf(plans))
  return reading.kind === 'problems'
    ? reading
    : { kind: 'policy', policy: { source: file, loaded: reading.loaded } }
}

/** Null when it was said what is wrong, with the exit code set. */
export function readOrSay(answer: PolicyAnswer): NamedPolicy | null {
  if (answer.kind === 'policy') return answer.policy
  if (answer.kind === 'problems') {
    for (const line of answer.problems.flatMap(problemLines)) say(visibleLine(line, 2000))
    terminal().exitCode = EXIT.usage
  }
  return null
}
