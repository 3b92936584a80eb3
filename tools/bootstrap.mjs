/**
 * The door of every npm script on a machine that has only Node >= 20 and npm: installs what is missing, then runs the
 * command under the pinned Node. Plain JavaScript without dependencies, because nothing is installed yet.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const stampFile = join(root, 'node_modules', '.custody-installed')
const node = join(
  root,
  'node_modules',
  'node',
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
)

if (Number(process.versions.node.split('.')[0]) < 20) {
  process.stderr.write(
    `error: Custody needs Node 20 or newer to start; this is ${process.version}\n`,
  )
  process.exit(1)
}

const flags = ['--disable-warning=ExperimentalWarning']
const bin = (name) => join(root, 'node_modules', '.bin', name)
const script = (path, ...args) => [node, ...flags, join(root, path), ...args]

/** Each command is a list of steps, each step an argv. */
const COMMANDS = {
  up: (args) => [script('src/main.ts', 'up', ...args)],
  cli: (args) => [script('src/main.ts', ...args)],
  dev: (args) => [
    [
      node,
      ...flags,
      '--watch',
      join(root, 'src/main.ts'),
      'up',
      '--data',
      join(root, 'custody-data'),
      ...args,
    ],
  ],
  test: (args) => [script('tools/run-tests.ts', 'quick', ...args)],
  'test:long': (args) => [script('tools/run-tests.ts', 'long', ...args)],
  check: () => [
    [bin('oxfmt'), '--check', 'src', 'test', 'tools', 'bench'],
    [bin('oxlint'), '--type-aware', '--tsconfig', 'tsconfig.json'],
    [bin('tsc'), '-p', '.'],
    script('tools/run-tests.ts', 'quick'),
  ],
  fix: () => [
    [bin('oxfmt'), 'src', 'test', 'tools', 'bench'],
    [bin('oxlint'), '--type-aware', '--tsconfig', 'tsconfig.json', '--fix'],
  ],
  docs: (args) => [script('tools/generate-docs.ts', ...args)],
  build: () => [[bin('tsc'), '-p', 'tsconfig.build.json']],
  bench: (args) => [script('bench/run.ts', ...args)],
}

const [name = 'cli', ...rest] = process.argv.slice(2)
const steps = COMMANDS[name]
if (steps === undefined) {
  process.stderr.write(
    `error: no such command: ${name}\nhint: one of ${Object.keys(COMMANDS).join(', ')}\n`,
  )
  process.exit(2)
}

install()
await run(steps(rest))

function lockDigest() {
  const hash = createHash('sha256')
  for (const file of ['package.json', 'package-lock.json'])
    hash.update(readFileSync(join(root, file)))
  return hash.update(process.platform + process.arch).digest('hex')
}

/** Installs exactly the lock file, once per change of it. Says so on standard error: standard output is the command's. */
function install() {
  const digest = lockDigest()
  const installed = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : ''
  if (installed === digest && existsSync(node)) return
  if (installed === '' && existsSync(node) && existsSync(join(root, 'node_modules', 'undici'))) {
    // Installed by hand (`npm ci` or `npm install`); take it as it is.
    writeFileSync(stampFile, digest)
    return
  }
  process.stderr.write('custody: installing dependencies (once) …\n')
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (result.status !== 0 || !existsSync(node)) {
    process.stderr.write(
      'error: npm ci failed; its output is above\nhint: check the network and run it again\n',
    )
    process.exit(1)
  }
  mkdirSync(dirname(stampFile), { recursive: true })
  writeFileSync(stampFile, digest)
}

/** Runs steps in order in the caller's folder for the product, in the project's for its own chores. */
async function run(argvs) {
  const isProduct = name === 'up' || name === 'cli'
  const cwd = isProduct ? process.cwd() : root
  const env = {
    ...process.env,
    PATH: `${join(root, 'node_modules', 'node', 'bin')}:${process.env.PATH}`,
    // Types are stripped once, not at every start: half the time of a short command.
    NODE_COMPILE_CACHE:
      process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'compile'),
  }
  if (isProduct && typeof process.execve === 'function' && process.platform !== 'win32') {
    // No process in between: signals and kill -9 reach the gateway itself.
    process.execve(argvs[0][0], argvs[0], env)
  }
  for (const [command, ...args] of argvs) {
    // The channel tells the product when this process is killed without a chance to pass the signal on.
    const stdio = isProduct ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit'
    const child = spawn(command, args, { cwd, stdio, env })
    if (isProduct) child.channel?.unref()
    const forward = (signal) => child.kill(signal)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward)
    const code = await new Promise((resolve) => {
      child.once('error', (error) => {
        process.stderr.write(`error: ${error.message}\n`)
        resolve(1)
      })
      child.once('exit', (status, signal) =>
        resolve(status ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 130 : 1)),
      )
    })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, forward)
    if (code !== 0) process.exit(code)
  }
}
