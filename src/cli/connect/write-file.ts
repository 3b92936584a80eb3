/** Writes settings files whole or not at all, through links to where they really are, and takes them away again. */
import {
  chmodSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { ChangedFile } from './ledger.ts'

export function writeSettings({ path, written, mode }: ChangedFile): void {
  writeWhole(path, written, mode)
}

export function restoreSettings(file: ChangedFile, text: string | null): void {
  if (text !== null) return writeWhole(file.path, text, file.modeBefore)
  rmSync(realPath(file.path), { force: true })
  if (file.madeFolder === null) return
  for (let at = dirname(file.path); at.startsWith(file.madeFolder); at = dirname(at)) {
    try {
      rmdirSync(at)
    } catch {
      // Something else is in it by now, and stays.
      return
    }
  }
}

function writeWhole(path: string, text: string, mode: number | null): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const real = realPath(path)
  const beside = `${real}.custody-${process.pid}`
  const rights = mode ?? rightsOf(real)
  writeFileSync(beside, text, { mode: rights })
  chmodSync(beside, rights)
  renameSync(beside, real)
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

function rightsOf(path: string): number {
  try {
    return statSync(path).mode & 0o777
  } catch {
    return 0o600
  }
}
