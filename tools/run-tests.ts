/** Runs the test files of one suite under node:test, with the closing lines that CI reads; extra arguments narrow the files. */
import { spawn } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bundleSource, bundlesOf } from './test-bundles.ts'
import type { Bundle } from './test-bundles.ts'

const SUITES: Readonly<Record<string, readonly string[]>> = {
  quick: [
    'src/**/*.test.ts',
    'web/src/**/*.test.ts',
    'test/*.test.ts',
    'test/clients/*.test.ts',
    'test/console/*.test.ts',
    'tools/*.test.ts',
  ],
  long: ['test/long/*.test.ts'],
  // Real agents from npm: hundreds of megabytes, so only when they are asked for.
  agents: ['test/agents/*.test.ts'],
}

/** Properties draw the same samples at every run; `--seed N` or `--seed random` draws others. */
const SEED = 20261130

const [suite = 'quick', ...rest] = process.argv.slice(2)
const { seed, words } = readArguments(rest)
const patterns = SUITES[suite]
if (patterns === undefined) fail(`no such suite: ${suite}`, `one of ${Object.keys(SUITES).join()}`)
const files = globSync([...patterns]).filter(
  (file) => words.length === 0 || words.some((word) => file.includes(word)),
)
if (files.length === 0) fail('no test file matches', 'words narrow the files by their path')

// Inside the project, because modules are looked up from there; the runner skips node_modules.
const cache = '.cache'
mkdirSync(cache, { recursive: true })
const folder = mkdtempSync(join(cache, 'tests-'))
const bundles = suite === 'quick' ? bundlesOf(files) : alone(files)
// Quick tests wait for a third of their time: for disks, browsers, clients.
const concurrency = suite === 'quick' ? availableParallelism() + 2 : 1
// Of what waits for ever one must know where: a run that is ended from outside does not say it.
const patienceMs = (suite === 'quick' ? 10 : 20) * 60_000
const coresBefore = coreTimes()
const child = spawn(
  process.execPath,
  [
    '--disable-warning=ExperimentalWarning',
    // A tenth less time in the collector, as for a gateway; there are several processes, so half the room of one.
    '--min-semi-space-size=16',
    '--max-semi-space-size=32',
    '--test',
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${patienceMs}`,
    '--test-reporter=spec',
    ...bundles.map(writeBundle),
  ],
  { stdio: 'inherit' },
)
child.once('exit', (code) => {
  rmSync(folder, { recursive: true, force: true })
  const now = coreTimes()
  const [busyS, idleS] = [now.busyMs - coresBefore.busyMs, now.idleMs - coresBefore.idleMs].map(
    (ms) => Math.round(ms / 1000),
  )
  process.stderr.write(
    `cores of this machine: ${cpus().length}, busy for ${busyS} s in all and idle for ${idleS} s\n`,
  )
  process.exitCode = code ?? 1
})

/** Of everything that ran: what a run costs, and whether cores waited for it. */
function coreTimes(): { readonly busyMs: number; readonly idleMs: number } {
  const times = cpus().map((core) => core.times)
  const sum = (of: (one: (typeof times)[number]) => number): number =>
    times.reduce((all, one) => all + of(one), 0)
  return {
    busyMs: sum(({ user, nice, sys, irq }) => user + nice + sys + irq),
    idleMs: sum(({ idle }) => idle),
  }
}

function readArguments(args: readonly string[]): {
  readonly seed: number | null
  readonly words: readonly string[]
} {
  const at = args.indexOf('--seed')
  if (at < 0) return { seed: SEED, words: args }
  const wanted = args[at + 1] ?? ''
  if (wanted !== 'random' && !/^-?\d{1,10}$/.test(wanted))
    fail(`no such seed: ${wanted}`, 'a whole number, or random')
  return {
    seed: wanted === 'random' ? null : Number(wanted),
    words: args.filter((_, n) => n !== at && n !== at + 1),
  }
}

function alone(all: readonly string[]): readonly Bundle[] {
  return all
    .toSorted()
    .map((file) => ({ name: file.replaceAll(/[^a-z0-9]+/g, '-'), files: [file] }))
}

/** The runner takes files in the order of their names. */
function writeBundle({ name, files: inside }: Bundle, n: number): string {
  const path = join(folder, `${String(n).padStart(3, '0')}-${name}.mjs`)
  const urls = new Map(inside.map((file) => [file, pathToFileURL(resolve(file)).href]))
  const hasProperties = inside.some((file) => readFileSync(file, 'utf8').includes('fast-check'))
  writeFileSync(path, bundleSource(urls, hasProperties ? seed : null))
  return path
}

function fail(problem: string, hint: string): never {
  process.stderr.write(`error: ${problem}\nhint: ${hint}\n`)
  process.exit(2)
}
