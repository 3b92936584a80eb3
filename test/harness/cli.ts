/** Runs the command line as people do: on a data folder, with a terminal of its own, or as a process of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { runCli as runCommand } from '../../src/cli/main.ts'
import { withTerminal, type Terminal } from '../../src/cli/terminal.ts'

const ROOT = join(import.meta.dirname, '../..')
const MAIN = join(ROOT, 'src/main.ts')
/** Most of a short run is reading the source; the second run of the same source takes a third of the time. */
const COMPILE_CACHE = process.env['NODE_COMPILE_CACHE'] ?? join(ROOT, 'node_modules/.cache/compile')

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
  /** Standard output as bytes. */
  readonly bytes: Buffer
}

export interface Running extends AsyncDisposable {
  /** Resolves once standard output holds `text`; rejects when the process ends without. */
  readonly until: (text: string) => Promise<void>
  /** Standard output so far. */
  readonly out: () => string
  readonly kill: (signal: NodeJS.Signals) => void
  readonly closeOut: () => void
  readonly ended: Promise<Ran>
}

export function startCli(...args: readonly string[]): Running {
  return startCliWith({}, ...args)
}

/** No other variable of the machine but PATH takes part, and no custody.yaml. */
export function startCliWith(
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Running {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    cwd: import.meta.dirname,
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
  })
  const out: Buffer[] = []
  let err = ''
  child.stdout.on('data', (bytes: Buffer) => out.push(bytes))
  child.stderr.on('data', (bytes: Buffer) => {
    err += bytes.toString('utf8')
  })
  const ended = once(child, 'close').then(([code]): Ran => {
    const bytes = Buffer.concat(out)
    return { code: typeof code === 'number' ? code : null, out: bytes.toString('utf8'), err, bytes }
  })
  return {
    ended,
    kill: (signal) => child.kill(signal),
    closeOut: () => child.stdout.destroy(),
    out: () => Buffer.concat(out).toString('utf8'),
    until: async (text) => {
      while (!Buffer.concat(out).includes(text)) {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`ended without "${text}": ${err}`)
        await Promise.race([once(child.stdout, 'data'), ended])
      }
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** The same command inside this process: for what it says and does. What a process is (signals, pipes) needs `startCli`. */
export function runCli(...args: readonly string[]): Promise<Ran> {
  return runCliWith({}, ...args)
}

export interface Given {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string | Buffer
}

/** No variable of the machine takes part, and no custody.yaml. */
export async function runCliWith(given: Given, ...args: readonly string[]): Promise<Ran> {
  const out = new Collected()
  const err = new Collected()
  const own: Terminal = {
    in: Readable.from(given.stdin === undefined ? [] : [Buffer.from(given.stdin)]),
    out,
    err,
    env: { ...given.env },
    folder: import.meta.dirname,
    exitCode: undefined,
  }
  await withTerminal(own, () => runCommand(args))
  const bytes = out.bytes()
  return {
    code: own.exitCode ?? 0,
    out: bytes.toString('utf8'),
    err: err.bytes().toString('utf8'),
    bytes,
  }
}

class Collected extends Writable {
  readonly #parts: Buffer[] = []

  override _write(part: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#parts.push(part)
    done()
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }
}

export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Record<string, unknown> => JSON.parse(line))
}
