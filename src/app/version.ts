/** The version of this build, from package.json. */
import { readFileSync } from 'node:fs'

function readVersion(): string {
  const parsed: unknown = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  )
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed
    ? String(parsed.version)
    : '0.0.0'
}

export const VERSION = readVersion()
