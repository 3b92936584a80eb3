/** Which root key of a keys folder is in use and which one leaves, as `roots.json` says it; no file before a first rotation. */
import { join } from 'node:path'
import type { Disk } from '../disk.ts'

export const ROOTS_FILE = 'roots.json'

export interface RootName {
  readonly id: string
  readonly file: string
}

export interface RootState {
  readonly version: 1
  /** Wraps everything that is made now. */
  readonly active: RootName
  /** Still opens what was not wrapped anew yet; null when no rotation is under way. */
  readonly leaving: RootName | null
  /** True when everything was wrapped anew under `active`. */
  readonly rewrapped: boolean
  /** Ids of keys that are gone for good, oldest first. */
  readonly retired: readonly string[]
}

/** The first root key of a folder has a name of its own. */
export const rootKeyFile = (id: string | null): string =>
  id === null ? 'root.key' : `root-${id.replace(/^local:/, '')}.key`

const isName = (value: unknown): value is RootName =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  typeof value.id === 'string' &&
  'file' in value &&
  typeof value.file === 'string' &&
  /^root(-[0-9a-f]{16})?\.key$/.test(value.file)

function isState(value: unknown): value is RootState {
  if (typeof value !== 'object' || value === null) return false
  if (!('version' in value) || value.version !== 1) return false
  if (!('active' in value) || !isName(value.active)) return false
  if (!('leaving' in value) || !(value.leaving === null || isName(value.leaving))) return false
  if (!('rewrapped' in value) || typeof value.rewrapped !== 'boolean') return false
  return 'retired' in value && Array.isArray(value.retired)
}

export async function readRootState(disk: Disk, folder: string): Promise<RootState | null> {
  const path = join(folder, ROOTS_FILE)
  if (!(await disk.exists(path))) return null
  const state: unknown = JSON.parse((await disk.readWhole(path)).toString('utf8'))
  if (!isState(state)) throw new Error(`${path} is not a list of root keys that this version knows`)
  return state
}
