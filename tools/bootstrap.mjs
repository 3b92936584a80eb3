/**
 * The door of every npm script on a machine that has only Node >= 20 and npm: installs what is missing, then runs the
 * command under the pinned Node. Plain JavaScript without dependencies, because nothing is installed yet.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CUSTODY_FLAGS, NODE_FLAGS } from './node-flags.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const stampFile = join(root, 'node_modules', '.custody-installed')
const consoleStampFile = join(root, 'node_modules', '.custody-console')
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

const bin = (name) => join(root, 'node_modules', '.bin', name)
const script = (path, ...args) => [node, ...NODE_FLAGS, join(root, path), ...args]
const custody = (...args) => [node, ...CUSTODY_FLAGS, join(root, 'src/main.ts'), ...args]

/** Each command is a list of steps, each step an argv. */
const COMMANDS = {
  up: (args) => [custody('up', ...args)],
  cli: (args) => [custody(...args)],
  dev: (args) => [
    [
      node,
      ...CUSTODY_FLAGS,
      '--watch',
      join(root, 'src/main.ts'),
      'up',
      '--data',
      join(root, 'custody-data'),
      ...args,
    ],
  ],
  test: (args) => [script('tools/run-tests.ts', 'quick', ...args)],
  clients: (args) => [script('tools/run-tests.ts', 'agents', ...args)],
  'test:long': (args) => [script('tools/run-tests.ts', 'long', ...args)],
  check: () => [
    [bin('oxfmt'), '--check', 'src', 'test', 'tools', 'bench', 'web'],
    [bin('oxlint'), '--type-aware', '--tsconfig', 'tsconfig.json'],
    [bin('tsc'), '-p', '.'],
    [bin('tsc'), '-p', 'web'],
    script('tools/run-tests.ts', 'quick'),
  ],
  fix: () => [
    [bin('oxfmt'), 'src', 'test', 'tools', 'bench', 'web'],
    [bin('oxlint'), '--type-aware', '--tsconfig', 'tsconfig.json', '--fix'],
  ],
  docs: (args) => [script('tools/generate-docs.ts', ...args)],
  build: () => [[bin('tsc'), '-p', 'tsconfig.build.json']],
  bench: (args) => [script('bench/run.ts', ...args)],
}

/** Commands that serve or test the console; the others do not wait for it. */
const NEEDS_CONSOLE = new Set([
  'up',
  'demo',
  'dev',
  'test',
  'test:long',
  'clients',
  'check',
  'build',
])

const [name = 'cli', ...rest] = process.argv.slice(2)
const steps = COMMANDS[name]
if (steps === undefined) {
  process.stderr.write(
    `error: no such command: ${name}\nhint: one of ${Object.keys(COMMANDS).join(', ')}\n`,
  )
  process.exit(2)
}

install()
if (NEEDS_CONSOLE.has(name === 'cli' ? rest[0] : name)) buildConsole()
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

/** Builds web/dist when it was built from other sources than those that are there. Without Vite it stays as it is. */
function buildConsole() {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const dist = join(root, 'web', 'dist')
  if (!existsSync(vite) || !existsSync(join(root, 'web', 'src'))) return
  const digest = consoleDigest()
  const built = existsSync(consoleStampFile) ? readFileSync(consoleStampFile, 'utf8') : ''
  if (built === digest && existsSync(join(dist, 'index.html'))) return
  process.stderr.write('custody: building the console …\n')
  // Beside, then moved: a gateway that starts meanwhile never reads half a console.
  const made = join(root, 'node_modules', `.custody-console-${process.pid}`)
  const result = spawnSync(
    node,
    [
      vite,
      'build',
      '--config',
      join(root, 'web', 'vite.config.ts'),
      '--outDir',
      made,
      '--emptyOutDir',
      '--logLevel',
      'warn',
    ],
    { cwd: root, stdio: ['ignore', 2, 2] },
  )
  if (result.status === 0) {
    rmSync(dist, { recursive: true, force: true })
    renameSync(made, dist)
    writeFileSync(consoleStampFile, digest)
    return
  }
  rmSync(made, { recursive: true, force: true })
  process.stderr.write('error: the console did not build; its messages are above\n')
  // A gateway without its console still records; everything else must not pass with an old one.
  if (name !== 'up' && name !== 'dev' && name !== 'cli') process.exit(1)
}

/** Of everything the build reads: its own sources, the pure file it takes from src, the versions of packages. */
function consoleDigest() {
  const hash = createHash('sha256')
  const files = readdirSync(join(root, 'web'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((file) => !file.startsWith(join(root, 'web', 'dist')))
    .sort()
  for (const file of [
    ...files,
    join(root, 'src/lib/visible-text.ts'),
    join(root, 'package-lock.json'),
  ])
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0')
  return hash.digest('hex')
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
