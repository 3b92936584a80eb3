/** Starts the programs that are measured, each as a process of its own, and reads what they use. */
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NODE_FLAGS } from '../tools/node-flags.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..')

export interface Target extends AsyncDisposable {
  readonly name: string
  /** Chat completions URL. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly pid: number
  /** Custody's data folder; empty for the others. */
  readonly folder: string
  readonly kill: () => Promise<void>
}

/** CPU seconds (user and system, all threads, Linux clock ticks of 10 ms) and resident MiB of a process. */
export function usageOf(pid: number): { readonly cpuSeconds: number; readonly rssMib: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return { cpuSeconds: ticks / 100, rssMib: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024 }
}

/** Nanoseconds on a processor since the start, by thread name; the main thread is `main`. */
export function threadsOf(pid: number): ReadonlyMap<string, number> {
  const times = new Map<string, number>()
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const at = `/proc/${pid}/task/${thread}`
    const name = thread === String(pid) ? 'main' : readFileSync(`${at}/comm`, 'utf8').trim()
    const time = Number(readFileSync(`${at}/schedstat`, 'utf8').split(' ')[0])
    times.set(name, (times.get(name) ?? 0) + time)
  }
  return times
}

function start(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = root,
): ChildProcess {
  const quiet = { CUSTODY_LOG__LEVEL: process.env['BENCH_LOG'] ?? 'info' }
  return spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...quiet, ...env },
    stdio: ['ignore', 'pipe', process.env['BENCH_DEBUG'] === undefined ? 'ignore' : 'inherit'],
  })
}

async function firstLine(child: ChildProcess): Promise<Record<string, unknown>> {
  let text = ''
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk)
    const end = text.indexOf('\n')
    if (end !== -1) return JSON.parse(text.slice(0, end)) as Record<string, unknown>
  }
  throw new Error('the process ended before it was ready')
}

function stopper(child: ChildProcess): (signal: NodeJS.Signals) => Promise<void> {
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return async (signal) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await ended
  }
}

export interface Upstream extends AsyncDisposable {
  readonly url: string
  readonly pid: number
}

export async function startUpstream(): Promise<Upstream> {
  const child = start([...NODE_FLAGS, 'src/sandbox/main.ts', '--no-record'])
  const stop = stopper(child)
  const ready = await firstLine(child)
  child.stdout?.resume()
  return {
    url: String(ready['url']),
    pid: child.pid ?? 0,
    [Symbol.asyncDispose]: () => stop('SIGKILL'),
  }
}

function direct(upstream: Upstream): Target {
  return {
    name: 'direct',
    url: `${upstream.url}/v1/chat/completions`,
    headers: {},
    pid: upstream.pid,
    folder: '',
    kill: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

async function bareProxy(upstream: Upstream): Promise<Target> {
  const child = start([...NODE_FLAGS, 'bench/bare-proxy.ts', upstream.url])
  const stop = stopper(child)
  const ready = await firstLine(child)
  child.stdout?.resume()
  return {
    name: 'bare proxy',
    url: `${String(ready['url'])}/v1/chat/completions`,
    headers: {},
    pid: child.pid ?? 0,
    folder: '',
    kill: () => stop('SIGKILL'),
    [Symbol.asyncDispose]: () => stop('SIGTERM'),
  }
}

export interface CustodyOptions {
  /** Data folder that outlives the process; else one of its own, removed behind it. */
  readonly folder?: string
  /** Another checkout of the repository. */
  readonly checkout?: string
  /** Masks, and decides by a policy: bench/custody.yaml. */
  readonly masks?: boolean
  /** Path of a custody.yaml; goes before `masks`. */
  readonly config?: string
  /** False: without the trace index. */
  readonly indexes?: boolean
}

/** As `npm start` of that checkout starts it. */
async function flagsOf(checkout: string): Promise<readonly string[]> {
  const flags: { readonly CUSTODY_FLAGS: readonly string[] } = await import(
    join(checkout, 'tools/node-flags.mjs')
  )
  return flags.CUSTODY_FLAGS
}

function configFlags(config: string | null): readonly string[] {
  return config === null ? [] : ['--config', config]
}

export async function startCustody(
  upstream: Upstream,
  { folder, checkout = root, masks = false, config, indexes = true }: CustodyOptions = {},
): Promise<Target> {
  const data =
    folder ?? (await mkdtemp(join(process.env['BENCH_FOLDER'] ?? tmpdir(), 'custody-bench-')))
  const child = start(
    [
      ...(await flagsOf(checkout)),
      ...(indexes ? ['src/main.ts', 'up', '--json'] : ['bench/unindexed.ts']),
      '--data',
      data,
      '--listen',
      '127.0.0.1:0',
      '--admin',
      '127.0.0.1:0',
      ...configFlags(config ?? (masks ? join(here, 'custody.yaml') : null)),
    ],
    {
      OPENAI_API_KEY: 'bench',
      OPENAI_BASE_URL: upstream.url,
    },
    checkout,
  )
  const stop = stopper(child)
  const ready = await firstLine(child)
  child.stdout?.resume()
  return {
    name: masks ? 'Custody, masking' : 'Custody',
    url: `${String(ready['proxyUrl'])}/openai/v1/chat/completions`,
    headers: { authorization: `Bearer ${String(ready['key'])}` },
    pid: Number(ready['pid']),
    folder: data,
    kill: () => stop('SIGKILL'),
    [Symbol.asyncDispose]: async () => {
      await stop('SIGTERM')
      if (folder === undefined) await rm(data, { recursive: true, force: true })
    },
  }
}

async function portkey(upstream: Upstream): Promise<Target> {
  const port = await freePort()
  const child = start([
    ...NODE_FLAGS,
    'bench/node_modules/@portkey-ai/gateway/build/start-server.js',
    `--port=${port}`,
    '--headless',
  ])
  const stop = stopper(child)
  child.stdout?.resume()
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; tries < 100; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      break
  }
  return {
    name: 'Portkey',
    url: `${url}/v1/chat/completions`,
    headers: {
      authorization: 'Bearer bench',
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `${upstream.url}/v1`,
    },
    pid: child.pid ?? 0,
    folder: '',
    kill: () => stop('SIGKILL'),
    [Symbol.asyncDispose]: () => stop('SIGTERM'),
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      )
    })
  })
}

export const TARGETS = {
  direct: async (upstream: Upstream) => direct(upstream),
  bare: bareProxy,
  custody: (upstream: Upstream) => startCustody(upstream),
  masking: (upstream: Upstream) => startCustody(upstream, { masks: true }),
  portkey,
} as const

/** The newest rows of Custody's index as its command line gives them; none for the other targets. */
export function recordedRows(target: Target, limit: number): Record<string, unknown>[] {
  if (target.folder === '') return []
  const listed = spawnSync(
    process.execPath,
    [
      ...NODE_FLAGS,
      'src/main.ts',
      'exchanges',
      '--json',
      '--limit',
      String(limit),
      '--data',
      target.folder,
    ],
    {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 1 << 30,
    },
  )
  return listed.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
