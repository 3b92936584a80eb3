/** `custody scan FILE…|-`: finds sensitive values in files and standard input; exit code 1 when there is one. */
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { shippedPacks } from '../../config/rule-files.ts'
import { compileRules } from '../../detect/compiled-rules.ts'
import type { CompiledRules } from '../../detect/compiled-rules.ts'
import { visibleLine } from '../../lib/visible-text.ts'
import { EXIT, failWith, print, printJson, say } from '../output.ts'
import { findingLine, sarifDocument } from '../scan-report.ts'
import type { FileFinding } from '../scan-report.ts'
import { scanTextIn } from '../scan-text.ts'
import type { ScanFormat } from '../scan-text.ts'
import { terminal } from '../terminal.ts'

interface ScanFlags {
  readonly packs: readonly string[]
  readonly without: readonly string[]
  readonly threshold: number
  readonly format?: ScanFormat
  readonly json?: boolean
  readonly sarif?: boolean
}

/** Findings make the exit code of a check that did not pass. */
const FOUND = 1

const names = (text: string): readonly string[] => text.split(',').filter((name) => name !== '')

export function registerScan(program: Command): void {
  program
    .command('scan')
    .description('find sensitive values in files; exit code 1 when there is one')
    .argument('<files...>', 'files, or - for standard input')
    .option('--packs <names>', 'detector packs, separated by commas', names, ['strict'])
    .option('--without <ids>', 'rules to leave out, separated by commas', names, [])
    .option('--threshold <score>', 'drop findings below it', readThreshold, 0.5)
    .addOption(
      new Option('--format <format>', 'how the text is read (default: by the file name)').choices([
        'text',
        'json',
        'jsonl',
      ]),
    )
    .option('--json', 'one JSON object for each finding')
    .option('--sarif', 'one SARIF 2.1.0 document')
    .action(scan)
}

function readThreshold(text: string): number {
  const score = Number(text)
  if (text.trim() !== '' && score > 0 && score <= 1) return score
  throw new InvalidArgumentError('a number above 0 and at most 1')
}

async function scan(files: readonly string[], flags: ScanFlags): Promise<void> {
  if (flags.json === true && flags.sarif === true)
    return failWith(EXIT.usage, 'name one of --json and --sarif, or none')
  const compiled = compileRules({
    documents: shippedPacks(),
    choice: { packs: flags.packs, without: flags.without },
    terms: null,
  })
  if (compiled.kind === 'problems') {
    for (const { problem } of compiled.problems) failWith(EXIT.usage, problem)
    return
  }
  const all: FileFinding[] = []
  let count = 0
  for (const file of files) {
    for await (const finding of findingsIn(file, compiled.rules, flags)) {
      count += 1
      if (flags.sarif === true) all.push(finding)
      else if (flags.json === true) printJson(finding)
      else print(visibleLine(findingLine(finding)))
    }
  }
  if (flags.sarif === true) printJson(sarifDocument(all, compiled.rules.ruleset.rules))
  else if (flags.json !== true) say(count === 1 ? '1 finding' : `${count} findings`)
  if (count > 0) terminal().exitCode = FOUND
}

async function* findingsIn(
  file: string,
  rules: CompiledRules,
  { threshold, format }: ScanFlags,
): AsyncGenerator<FileFinding> {
  const scanning = scanTextIn({ rules, threshold, format: format ?? formatOf(file) })
  const input: Readable = file === '-' ? terminal().in : createReadStream(file)
  const named = (finding: Omit<FileFinding, 'file'>): FileFinding => ({ file, ...finding })
  // Pieces of a streamed UTF-8 decoder never split a character.
  input.setEncoding('utf8')
  for await (const text of input)
    for (const found of scanning.push(String(text))) yield named(found)
  for (const found of scanning.end()) yield named(found)
}

function formatOf(file: string): ScanFormat {
  if (/\.(?:jsonl|ndjson)$/i.test(file)) return 'jsonl'
  return /\.json$/i.test(file) ? 'json' : 'text'
}
