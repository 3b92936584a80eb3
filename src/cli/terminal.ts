/** What a command reads and writes: the streams and the environment of the process, or of whoever runs it inside one. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Readable, Writable } from 'node:stream'

export interface Terminal {
  readonly in: Readable
  readonly out: Writable & { readonly isTTY?: boolean }
  readonly err: Writable & { readonly isTTY?: boolean }
  readonly env: NodeJS.ProcessEnv
  /** Where relative paths and `custody.yaml` are looked for. */
  readonly folder: string
  /** What the shell is told at the end; unset is success. */
  exitCode: number | undefined
}

const ofProcess: Terminal = {
  in: process.stdin,
  out: process.stdout,
  err: process.stderr,
  env: process.env,
  folder: process.cwd(),
  get exitCode() {
    return typeof process.exitCode === 'number' ? process.exitCode : undefined
  },
  set exitCode(code) {
    process.exitCode = code
  },
}

const lent = new AsyncLocalStorage<Terminal>()

export function terminal(): Terminal {
  return lent.getStore() ?? ofProcess
}

/** Runs a command with another terminal than the process's; several may run side by side. */
export function withTerminal<Result>(own: Terminal, run: () => Promise<Result>): Promise<Result> {
  return lent.run(own, run)
}
