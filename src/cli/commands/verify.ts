/** `custody verify`: holds a data folder, or a copy of one, against its transparency log; needs no server and no database. */
import type { Command } from 'commander'
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { hasRootKey } from '../../evidence/keyring/has-root-key.ts'
import { nodeDisk } from '../../evidence/disk.ts'
import { openLocalKeyProvider } from '../../evidence/key-provider.ts'
import { parseLeaf } from '../../evidence/log/leaf.ts'
import { parsePolicy, type Policy } from '../../evidence/log/policy.ts'
import { parseProofFile, verifyProofFile } from '../../evidence/log/proof-file.ts'
import { splitNotes } from '../../evidence/log/split-notes.ts'
import { readAuthorities } from '../../evidence/publish/trusted-stamper.ts'
import { PROBLEM_MEANS } from '../../evidence/verify/problem-means.ts'
import { reportJson } from '../../evidence/verify/report-json.ts'
import { verifyFolder, type FolderReport } from '../../evidence/verify/verify-folder.ts'
import { systemClock } from '../../lib/clock.ts'
import { isLocked } from '../../store/folder-lock.ts'
import { configFor } from '../load.ts'
import { stopSignal } from '../stop-signal.ts'
import { verifyBundleFile } from '../verify-bundle.ts'
import { VerifyStateFile } from '../verify-state.ts'
import { EXIT, failWith, print, printJson, say, timeText } from '../output.ts'
import { problemText, PROBLEMS_SHOWN, progressLine, reportLines } from '../verify-text.ts'
import { terminal } from '../terminal.ts'

interface VerifyOptions {
  readonly policy?: string
  readonly known?: readonly string[]
  readonly tsa?: string
  readonly open?: boolean
  readonly records?: boolean
  readonly resume?: string
  readonly json?: boolean
  readonly data?: string
  readonly config?: string
}

const PROGRESS_EVERY_MS = 100
const PROOF_START = Buffer.from('c2sp.org/tlog-proof')
/** Clocks of witnesses may be a little ahead. */
const CLOCK_SLACK_S = 60

export function registerVerify(program: Command): void {
  program
    .command('verify')
    .description('check that every record is as it was recorded; needs no server')
    .argument(
      '[path]',
      'data folder or a copy of one, a .tlog-proof file, or a bundle (default: the data folder)',
    )
    .option('--policy <file>', 'whom to trust: C2SP tlog-policy file with log and witness keys')
    .option(
      '--known <file...>',
      'checkpoints of this log that you kept: shows forks and truncation',
    )
    .option('--tsa <file>', 'PEM certificates of the time stamping authorities that you trust')
    .option('--open', 'also decrypt with the keys of the folder and check every plain payload')
    .option('--resume <file>', 'keep in this file how far it came, and go on from there next time')
    .option('--records', 'a line for each record with its state')
    .option('--json', 'one JSON object (with --records: JSON Lines, the report last)')
    .option('--data <folder>', 'data folder (default ./custody-data)')
    .option('--config <file>', 'custody.yaml')
    .action(verify)
}

async function verify(argument: string | undefined, options: VerifyOptions): Promise<void> {
  if (argument !== undefined && isFile(argument)) return verifyFile(argument, options)
  const folder =
    argument ?? configFor({ data: options.data, config: options.config }).config.storage.folder
  if (!existsSync(folder)) return failWith(EXIT.usage, `there is no ${folder}`, 'check the path')
  if (!existsSync(join(folder, 'segments')) && !existsSync(join(folder, 'log')))
    return failWith(
      EXIT.failed,
      `there are no records in ${folder}`,
      'name the data folder: segments/ and log/ lie in it',
    )
  const policy = options.policy === undefined ? null : readPolicy(options.policy)
  if (policy === 'refused') return
  const authorities = options.tsa === undefined ? null : readStampers(options.tsa)
  if (authorities === 'refused') return
  const known = readKnown(options.known ?? [])
  if (known === 'refused') return
  const keys = join(folder, 'keys')
  if (options.open === true && !hasRootKey(folder))
    return failWith(EXIT.failed, `${keys} holds no root key`, 'leave out --open, or add the keys')
  const question = JSON.stringify([
    policy,
    known.map(String),
    options.open === true,
    ...(options.tsa === undefined ? [] : [readFileSync(options.tsa, 'utf8')]),
  ])
  const file =
    options.resume === undefined
      ? null
      : new VerifyStateFile(options.resume, folder, question, systemClock)
  const before = file?.read() ?? { kind: 'none' }
  if (before.kind === 'refused')
    return failWith(EXIT.usage, `--resume: ${before.reason}`, 'name another file, or remove it')
  const startedMs = systemClock.monotonicMs()
  const bar = new ProgressBar()
  using stop = stopSignal()
  let isLast = false
  const report = await verifyFolder({
    disk: nodeDisk,
    folder,
    policy,
    known,
    authorities,
    provider: options.open === true ? await openLocalKeyProvider(keys) : null,
    nowS: Math.floor(systemClock.nowMs() / 1000),
    resume: before.kind === 'found' ? before.state : null,
    isLive: isInUse(folder),
    onState: async (save) => {
      file?.save(save, stop.signal.aborted || isLast)
      if (stop.signal.aborted) throw new StoppedError()
    },
    onProgress: (progress) => {
      isLast = progress.leaves === progress.of
      bar.show(() => progressLine(progress))
    },
    ...(options.records === true
      ? {
          onRecord: (record, state) =>
            options.json === true ? printJson({ record, state }) : print(`${state} ${record}`),
        }
      : {}),
  }).catch((error: unknown) => {
    if (error instanceof StoppedError) return null
    throw error
  })
  bar.end()
  if (report === null)
    return failWith(
      EXIT.failed,
      'stopped before the end',
      file === null
        ? '--resume FILE goes on where it stopped'
        : 'the same command goes on from here',
    )
  tell(report, systemClock.monotonicMs() - startedMs, options.json === true)
}

/** A gateway writes the folder. Of a copy on a medium that cannot be written nobody can tell, and nobody writes it. */
function isInUse(folder: string): boolean {
  try {
    return isLocked(folder)
  } catch {
    return false
  }
}

class StoppedError extends Error {
  override readonly name = 'StoppedError'
}

const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() === true

async function verifyFile(path: string, options: VerifyOptions): Promise<void> {
  if (options.policy === undefined)
    return failWith(
      EXIT.usage,
      'a proof or a bundle is verified against a policy: --policy <file>',
      'the file names the keys that you trust: log <key>, then quorum none',
    )
  const policy = readPolicy(options.policy)
  if (policy === 'refused') return
  if (isProof(path)) return verifyProof(path, policy, options)
  const latestS = Math.floor(systemClock.nowMs() / 1000) + CLOCK_SLACK_S
  return verifyBundleFile(path, { policy, latestS }, options.json === true)
}

function isProof(path: string): boolean {
  const start = Buffer.alloc(PROOF_START.length)
  const file = openSync(path, 'r')
  try {
    readSync(file, start, 0, start.length, 0)
  } finally {
    closeSync(file)
  }
  return start.equals(PROOF_START)
}

function verifyProof(path: string, policy: Policy, options: VerifyOptions): void {
  const reading = parseProofFile(readFileSync(path))
  if (reading.kind === 'refused')
    return failWith(EXIT.failed, `${path} is no proof: ${reading.reason}`)
  const { proof } = reading
  const entry = proof.extra
  if (entry === null) return failWith(EXIT.failed, `${path} does not hold the leaf it proves`)
  const latestS = Math.floor(systemClock.nowMs() / 1000) + CLOCK_SLACK_S
  const verdict = verifyProofFile({ proof, entry, policy, latestS })
  const leaf = parseLeaf(entry)
  const holds = verdict.kind === 'accepted' && leaf.kind === 'ok'
  const reason = verdict.kind === 'refused' ? verdict.reason : 'the leaf is malformed'
  const witnesses = verdict.witnesses.map(({ name }) => name)
  if (options.json === true)
    printJson({
      version: 1,
      holds,
      reason: holds ? '' : reason,
      index: proof.index,
      leaf: leaf.kind === 'ok' ? leaf.leaf : null,
      witnesses,
    })
  else if (holds) {
    const { kind, record, timeS } = leaf.leaf
    print(`verified  ${kind} ${record ?? ''} at ${timeText(timeS * 1000)}, leaf ${proof.index}`)
    if (witnesses.length > 0) print(`witnesses ${witnesses.join(', ')}`)
  }
  if (!holds) failWith(EXIT.failed, `${path} does not prove its leaf: ${reason}`)
}

function tell(report: FolderReport, tookMs: number, asJson: boolean): void {
  if (asJson) printJson(reportJson(report, tookMs))
  else for (const line of reportLines(report, tookMs)) print(line)
  if (report.holds) return
  for (const problem of report.problems.slice(0, PROBLEMS_SHOWN))
    say(`problem: ${problemText(problem)}`)
  const more = report.problemCount - Math.min(report.problems.length, PROBLEMS_SHOWN)
  if (more > 0) say(`and ${more} more`)
  for (const kind of new Set(report.problems.map((problem) => problem.kind)))
    say(`${kind} means: ${PROBLEM_MEANS[kind]}`)
  failWith(
    EXIT.failed,
    'not everything is as it was recorded',
    'the guide says what each problem means: docs/guide/verify.md',
  )
}

function readStampers(file: string): ReturnType<typeof readAuthorities> | 'refused' {
  try {
    return readAuthorities(readFileSync(file, 'utf8'))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    failWith(EXIT.usage, `--tsa ${file}: ${reason}`, 'the file holds certificates as PEM text')
    return 'refused'
  }
}

/** Null when it cannot be read, which was said. */
function readGiven(option: string, file: string): Buffer | null {
  try {
    return readFileSync(file)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    failWith(EXIT.usage, `${option} ${file} cannot be read: ${reason}`, 'check the path')
    return null
  }
}

/** A file may hold many: the one that a gateway writes its checkpoints to does. */
function readKnown(files: readonly string[]): readonly Buffer[] | 'refused' {
  const known: Buffer[] = []
  for (const file of files) {
    const bytes = readGiven('--known', file)
    if (bytes === null) return 'refused'
    known.push(...splitNotes(bytes))
  }
  return known
}

function readPolicy(file: string): Policy | 'refused' {
  const bytes = readGiven('--policy', file)
  if (bytes === null) return 'refused'
  const reading = parsePolicy(bytes)
  if (reading.kind === 'ok') return reading.policy
  failWith(
    EXIT.usage,
    `${file}:${reading.line}: ${reading.reason}`,
    'a policy has lines: log <key>, witness <name> <key>, group …, quorum <name>|none',
  )
  return 'refused'
}

/** One line on a terminal, written over itself; nothing elsewhere. */
class ProgressBar {
  #shownMs = -PROGRESS_EVERY_MS
  #length = 0

  show(line: () => string): void {
    const nowMs = systemClock.monotonicMs()
    if (!terminal().err.isTTY || nowMs - this.#shownMs < PROGRESS_EVERY_MS) return
    this.#shownMs = nowMs
    const text = line()
    this.#length = Math.max(this.#length, text.length)
    terminal().err.write(`\r${text.padEnd(this.#length)}`)
  }

  end(): void {
    if (this.#length > 0) terminal().err.write(`\r${' '.repeat(this.#length)}\r`)
  }
}
