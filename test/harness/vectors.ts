/** Finds the public test vectors that lie beside the repository; a clone elsewhere has none, and is told so loudly. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The folder `name` of the vectors, or null with a loud line when it is absent. */
export function vectorFolder(name: string): string | null {
  const folder = join(import.meta.dirname, '../../../shared/vectors', name)
  if (existsSync(folder)) return folder
  console.warn(`!!! SKIPPED: no public test vectors at ../shared/vectors/${name} !!!`)
  return null
}
