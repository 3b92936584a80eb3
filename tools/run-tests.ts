/** Runs the test files of one suite under node:test, with the closing lines that CI reads; extra arguments narrow the files. */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'

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

const [suite = 'quick', ...words] = process.argv.slice(2)
const patterns = SUITES[suite]
if (patterns === undefined) {
  process.stderr.write(
    `error: no such suite: ${suite}\nhint: one of ${Object.keys(SUITES).join(', ')}\n`,
  )
  process.exit(2)
}
const all = globSync([...patterns]).toSorted()
const files =
  words.length === 0 ? all : all.filter((file) => words.some((word) => file.includes(word)))
if (files.length === 0) {
  process.stderr.write('error: no test file matches\n')
  process.exit(2)
}
// Quick tests wait for a third of their time: for disks, browsers, clients.
const concurrency = suite === 'quick' ? availableParallelism() + 1 : 1
const child = spawn(
  process.execPath,
  [
    '--disable-warning=ExperimentalWarning',
    '--test',
    `--test-concurrency=${concurrency}`,
    '--test-reporter=spec',
    ...files,
  ],
  { stdio: 'inherit' },
)
child.once('exit', (code) => {
  process.exitCode = code ?? 1
})
