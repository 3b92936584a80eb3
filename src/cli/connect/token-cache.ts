/** Keeps what `custody token` got, for this account alone: a grant and the caller token it gave last. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface KeptToken {
  readonly grant: string
  readonly token: string
  readonly expiresAtMs: number
  readonly login: string
  readonly proxyUrl: string
}

const LOCK_STALE_MS = 30_000
const LOCK_TRIES = 200
const LOCK_WAIT_MS = 100

export function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const config = env['XDG_CONFIG_HOME']
  return join(
    config === undefined || config === '' ? join(env['HOME'] ?? homedir(), '.config') : config,
    'custody',
  )
}

type Kept = Readonly<Record<string, KeptToken>>

export function readKept(folder: string, server: string): KeptToken | null {
  return readAll(folder)[server] ?? null
}

/** Null forgets. */
export function writeKept(folder: string, server: string, kept: KeptToken | null): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { [server]: _gone, ...others } = readAll(folder)
  const all = kept === null ? others : { ...others, [server]: kept }
  // Beside and renamed: whoever reads meanwhile reads a whole file.
  const file = join(folder, 'tokens.json')
  const beside = `${file}.${process.pid}`
  writeFileSync(beside, JSON.stringify(all), { mode: 0o600 })
  renameSync(beside, file)
}

function readAll(folder: string): Kept {
  try {
    const all: unknown = JSON.parse(readFileSync(join(folder, 'tokens.json'), 'utf8'))
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: what `writeKept` wrote
    return typeof all === 'object' && all !== null ? (all as Kept) : {}
  } catch {
    return {}
  }
}

/** Several clients start their helpers at once; a second refresh would end the token that the first one got. */
export async function alone<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lock = join(folder, 'tokens.lock')
  for (let tries = 0; ; tries += 1) {
    try {
      mkdirSync(lock)
      break
    } catch {
      if (tries >= LOCK_TRIES || isStale(lock)) rmSync(lock, { recursive: true, force: true })
      else await sleep(LOCK_WAIT_MS)
    }
  }
  try {
    return await work()
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

function isStale(lock: string): boolean {
  try {
    return Date.now() - statSync(lock).mtimeMs > LOCK_STALE_MS
  } catch {
    return false
  }
}
