/** Whether the root keys of a data folder are there. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ROOTS_FILE } from './root-state.ts'

/** The first root key, or the list that names later ones. */
export const hasRootKey = (folder: string): boolean =>
  ['root.key', ROOTS_FILE].some((name) => existsSync(join(folder, 'keys', name)))

/** Records without their keys: a folder whose `keys` was lost or left out of a backup. */
export function lacksRootKey(folder: string): boolean {
  const segments = join(folder, 'segments')
  return !hasRootKey(folder) && existsSync(segments) && readdirSync(segments).length > 0
}
