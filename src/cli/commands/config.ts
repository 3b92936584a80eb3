/** `custody config check | print | schema`: says what is wrong, what is in force, and what may be written. */
import type { Command } from 'commander'
import { configJsonSchemaText } from '../../config/config-schema.ts'
import type { Config } from '../../config/config.ts'
import { holdReport } from '../../config/hold-report.ts'
import type { HoldReport } from '../../config/hold-report.ts'
import { readConfig } from '../../config/load.ts'
import type { LoadOptions } from '../../config/load.ts'
import { printableConfig, printableText } from '../../config/redact.ts'
import { visibleText } from '../../lib/visible-text.ts'
import { problemLines } from '../load.ts'
import { EXIT } from '../output.ts'
import { terminal } from '../terminal.ts'

/** What a command says: `out` for standard output, `err` for standard error. */
export interface Said {
  readonly out: string
  readonly err: string
  readonly exitCode: number
}

interface Written {
  readonly config?: string
  readonly data?: string
  readonly listen?: string
  readonly admin?: string
  readonly json?: boolean
}

export function registerConfig(program: Command): void {
  const config = program
    .command('config')
    .description('check, print and describe the configuration')
  common(config.command('check'))
    .description('report every problem of the configuration at once; exit code 2 when there is one')
    .action((written: Written) => {
      speak(checkConfig(optionsOf(written), written.json === true))
    })
  common(config.command('print'))
    .description('print the configuration in force, defaults filled in; secrets are never printed')
    .option('--redacted', 'secrets by their source (always on)')
    .action((written: Written) => {
      speak(printConfig(optionsOf(written), written.json === true))
    })
  config
    .command('schema')
    .description('print the JSON Schema of custody.yaml, for editors')
    .action(() => {
      speak(printSchema())
    })
}

function common(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file')
    .option('--data <folder>', 'data folder')
    .option('--listen <host:port>', 'data plane address')
    .option('--admin <host:port>', 'control plane address')
    .option('--json', 'one JSON document')
}

function optionsOf({ config, data, listen, admin }: Written): LoadOptions {
  return {
    env: terminal().env,
    workingFolder: terminal().folder,
    flags: { config, data, listen, admin },
  }
}

function speak({ out, err, exitCode }: Said): void {
  terminal().out.write(out)
  terminal().err.write(err)
  if (exitCode !== EXIT.ok) terminal().exitCode = exitCode
}

export function checkConfig(options: LoadOptions, json: boolean): Said {
  const { config, problems, warnings } = readConfig(options)
  const good = config !== null && problems.length === 0
  const exitCode = good ? EXIT.ok : EXIT.usage
  if (json) {
    const hash = good ? config.hash : null
    const masking = good ? holdReports(config) : []
    const said = { ok: good, hash, problems, warnings, ...(masking.length > 0 ? { masking } : {}) }
    return { out: `${JSON.stringify(said)}\n`, err: '', exitCode }
  }
  const err = textOf([
    ...problems.flatMap(problemLines),
    ...warnings.map((text) => `warning: ${text}`),
  ])
  if (!good) return { out: '', err: `${err}${textOf([countOf(problems.length)])}`, exitCode }
  const source = config.file ?? 'the environment'
  const lines = [`ok: configuration from ${source}`, ...holdReports(config).flatMap(holdLines)]
  return { out: textOf(lines), err, exitCode }
}

/** One for each set of rules in use; routes that share one are told once. */
function holdReports(config: Config): readonly HoldReport[] {
  const told = new Set<unknown>()
  return Object.entries(config.masking).flatMap(([route, plan]) => {
    if (told.has(plan.rules) || !plan.directions.includes('response')) return []
    told.add(plan.rules)
    return [holdReport(route, plan)]
  })
}

function holdLines({ route, rules, dearest, free }: HoldReport): readonly string[] {
  return [
    `masking on route ${route}: ${rules} rules, ${free} of them hold nothing back on a sample answer`,
    ...dearest.map(
      ({ rule, mean, max }) =>
        `  ${rule}: ${mean.toFixed(3)} characters on average, ${max} at most`,
    ),
  ]
}

const countOf = (count: number): string => (count === 1 ? '1 problem' : `${String(count)} problems`)

/** Prints what can be printed even when a secret is missing, and says so. */
export function printConfig(options: LoadOptions, json: boolean): Said {
  const { config, problems, warnings } = readConfig(options)
  const said = [...problems.flatMap(problemLines), ...warnings.map((text) => `warning: ${text}`)]
  const exitCode = config === null || problems.length > 0 ? EXIT.usage : EXIT.ok
  if (config === null) return { out: '', err: textOf(said), exitCode }
  const out = json
    ? `${JSON.stringify(printableConfig(config))}\n`
    : visibleText(printableText(config))
  return { out, err: textOf(said), exitCode }
}

export function printSchema(): Said {
  return { out: configJsonSchemaText(), err: '', exitCode: EXIT.ok }
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${visibleText(line)}\n`).join('')
}
