/** Loads configuration: file, environment and flags become one frozen snapshot, or the list of all problems. */
import { resolve } from 'node:path'
import { isJsonObject } from '../lib/json/loose.ts'
import type { Config, ConfigProblem, ConfigResult } from './config.ts'
import { applyOverrides } from './overrides.ts'
import type { Flags } from './overrides.ts'
import { problemAt, schemaProblems } from './problems.ts'
import type { Origins } from './problems.ts'
import { readTextFile } from './read-text-file.ts'
import { hashConfig } from './redact.ts'
import type { Environment } from './reference.ts'
import { prune } from './prune.ts'
import { NOTHING_REFUSED } from './resolve-context.ts'
import { resolveConfig } from './resolve.ts'
import { configSchema } from './schema.ts'
import { readYaml } from './yaml-source.ts'
import type { Locate } from './yaml-source.ts'

export interface LoadOptions {
  /** Path of custody.yaml. Default: `--config`, then `CUSTODY_CONFIG`, then `custody.yaml` in the working folder when it exists. */
  readonly file?: string | undefined
  readonly env: Environment
  readonly flags?: Flags
  /** Default: the working folder of the process. */
  readonly workingFolder?: string
}

/** Everything known after reading; `config` is there even with problems when it is complete enough to be printed. */
export interface Loading {
  readonly config: Config | null
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly string[]
}

export function loadConfig(options: LoadOptions): ConfigResult {
  const { config, problems, warnings } = readConfig(options)
  if (config === null || problems.length > 0) return { kind: 'problems', problems }
  return { kind: 'config', config, warnings }
}

/** The path `loadConfig` would read; null when there is no file. */
export function configFile(options: LoadOptions): string | null {
  const folder = options.workingFolder ?? process.cwd()
  const named = options.file ?? options.flags?.config ?? options.env['CUSTODY_CONFIG']
  if (named !== undefined && named !== '') return resolve(folder, named)
  const usual = resolve(folder, 'custody.yaml')
  const reading = readTextFile(usual)
  return reading.kind === 'unread' && reading.isAbsent ? null : usual
}

export function readConfig(options: LoadOptions): Loading {
  const file = configFile(options)
  const source =
    file === null
      ? { kind: 'value' as const, value: {}, locate: () => null, problems: [] }
      : readFile(file)
  if (source.kind === 'problems') return { config: null, problems: source.problems, warnings: [] }

  const overridden = applyOverrides(withoutEmpty(source.value), options.env, options.flags ?? {})
  const origins: Origins = {
    file: file ?? 'environment',
    locate: source.locate,
    overrides: overridden.origins,
  }
  const problems: ConfigProblem[] = [
    ...source.problems,
    ...overridden.unknown.map(({ name, hint }) =>
      fileProblem(`env ${name}`, { message: 'the variable names no configuration key', hint }),
    ),
  ]
  const warnings = [...overridden.warnings]
  const parsed = configSchema.safeParse(overridden.value)
  if (!parsed.success)
    problems.push(...schemaProblems(parsed.error.issues, overridden.value, origins))
  const { checked, refused } = parsed.success
    ? { checked: parsed.data, refused: NOTHING_REFUSED }
    : prune(overridden.value, parsed.error.issues)
  if (checked === null) return { config: null, problems, warnings }

  const resolved = resolveConfig(checked, {
    env: options.env,
    origins,
    file,
    workingFolder: options.workingFolder ?? process.cwd(),
    refused,
    problems,
    warnings,
  })
  problems.sort(
    (one, other) => (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0),
  )
  const config = freeze({ ...resolved, hash: hashConfig(resolved) })
  return { config: parsed.success ? config : null, problems, warnings }
}

type FileReading =
  | {
      readonly kind: 'value'
      readonly value: unknown
      readonly locate: Locate
      readonly problems: readonly ConfigProblem[]
    }
  | { readonly kind: 'problems'; readonly problems: readonly ConfigProblem[] }

function readFile(file: string): FileReading {
  const text = readTextFile(file)
  if (text.kind === 'unread') {
    const words = { message: `the file ${text.fault}`, hint: 'Check --config.' }
    return { kind: 'problems', problems: [fileProblem(file, words)] }
  }
  const reading = readYaml(text.text)
  const problems = (reading.kind === 'problems' ? reading.problems : []).map(
    ({ line, column, message, hint }) => ({
      ...fileProblem(file, { message, hint }),
      line,
      column,
    }),
  )
  const read = reading.kind === 'problems' ? reading.value : reading
  if (read === null) return { kind: 'problems', problems }
  const { value, locate } = read
  if (isJsonObject(value)) return { kind: 'value', value, locate, problems }
  const origins = { file, locate, overrides: new Map<string, string>() }
  const text_ = {
    message: 'the file does not hold keys and values',
    allowed: 'lines such as listen: 127.0.0.1:8080',
  }
  return { kind: 'problems', problems: [...problems, problemAt(origins, [], text_)] }
}

function fileProblem(source: string, text: { message: string; hint: string }): ConfigProblem {
  return { path: '', source, line: null, column: null, found: '', allowed: '', ...text }
}

/** A section whose lines are all commented out is an empty value in YAML; it means the defaults. */
function withoutEmpty(value: unknown): unknown {
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== null))
}

/** Freezes plain data all the way down; credentials keep their secrets in private fields. */
function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const inner of Object.values(value)) freeze(inner)
  return value
}
