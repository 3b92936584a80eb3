/** What `custody connect` changed on this machine, so that it can be undone: for this account alone, written before the change. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMissing } from '../../lib/error-code.ts'
import type { FormatName } from './formats/formats.ts'
import type { Setting } from './formats/setting-file.ts'

export interface ChangedFile {
  readonly path: string
  /** As it was; null when it was not there. */
  readonly original: string | null
  /** As `connect` wrote it. */
  readonly written: string
  readonly format: FormatName
  /** Rights while connected, and before; null where they stay, or where there were none. */
  readonly mode: number | null
  readonly modeBefore: number | null
  /** The outermost folder that was made for it; null when none was. */
  readonly madeFolder: string | null
  /** What undoes the edit in a file that was changed since. */
  readonly before: readonly Setting[]
}

export interface Connection {
  readonly client: string
  readonly gateway: string
  readonly files: readonly ChangedFile[]
}

export type Ledger = readonly Connection[]

const FILE = 'connected.json'

export class LedgerUnreadable extends Error {}

export function readLedger(folder: string): Ledger {
  let text: string
  try {
    text = readFileSync(join(folder, FILE), 'utf8')
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
  try {
    const read: unknown = JSON.parse(text)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: what `writeLedger` wrote
    if (Array.isArray(read)) return read as Ledger
  } catch {
    // Said below: without the ledger nothing can be put back, so nothing more is changed either.
  }
  throw new LedgerUnreadable(`${join(folder, FILE)} cannot be read`)
}

/** Settings files hold credentials, and so do copies of them. */
export function writeLedger(folder: string, ledger: Ledger): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, FILE)
  const beside = `${file}.${process.pid}`
  writeFileSync(beside, JSON.stringify(ledger), { mode: 0o600 })
  renameSync(beside, file)
}
