/** This machine as `custody connect` sees it: home folder, programs on the path, files. */
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Machine } from './client.ts'

/** A settings file of this size is none. */
const BYTES_MAX = 1024 * 1024

export class UnreadableFile extends Error {}

export function thisMachine(env: Readonly<Record<string, string | undefined>>): Machine {
  return {
    home: env['HOME'] ?? homedir(),
    env,
    exists: existsSync,
    hasProgram: (name) => programPath(name, env) !== null,
    read: readText,
    modeOf: (path) => (existsSync(path) ? statSync(path).mode & 0o777 : null),
  }
}

export function programPath(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): string | null {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    if (folder === '') continue
    try {
      accessSync(join(folder, name), constants.X_OK)
      return join(folder, name)
    } catch {
      // Not in this one.
    }
  }
  return null
}

function readText(path: string): string | null {
  if (!existsSync(path)) return null
  const bytes = readFileSync(path)
  if (bytes.length > BYTES_MAX) throw new UnreadableFile(`${path} is larger than 1 MiB`)
  const text = bytes.toString('utf8')
  // What would not be written back as it was must not be changed.
  if (!Buffer.from(text, 'utf8').equals(bytes)) throw new UnreadableFile(`${path} is not UTF-8`)
  return text
}
