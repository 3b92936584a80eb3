/** Puts the empty databases into a new data folder: what the migrations leave, made once per process. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openStore } from '../../src/store/store.ts'
import { temporaryFolder } from './temporary-folder.ts'

const NAMES = ['index.db', 'control.db'] as const

let made: Promise<ReadonlyMap<string, Buffer>> | null = null

/** Migrating is a third of the work of a gateway that starts, and waits for the disk ten times. */
export async function placeDatabases(folder: string): Promise<void> {
  if (NAMES.some((name) => existsSync(join(folder, name)))) return
  made ??= make()
  const databases = await made
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const [name, bytes] of databases) writeFileSync(join(folder, name), bytes, { mode: 0o600 })
}

async function make(): Promise<ReadonlyMap<string, Buffer>> {
  using folder = temporaryFolder()
  const store = await openStore({ kind: 'sqlite', folder: folder.path })
  // Closing copies the log into the file.
  await store[Symbol.asyncDispose]()
  return new Map(NAMES.map((name) => [name, readFileSync(join(folder.path, name))]))
}
