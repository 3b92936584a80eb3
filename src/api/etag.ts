/** ETags of things that people edit: a change says which version it is based on. */
import { fail } from '../model/errors.ts'

export function etagOf(version: number): string {
  return `"v${version}"`
}

/** RFC 9110 13.1.1, with one strong tag; `*` would say "whatever it is", which is what the header is there to prevent. */
export function versionFrom(ifMatch: string | undefined): number {
  if (ifMatch === undefined) throw fail('api.precondition-required')
  const match = /^"v([1-9]\d{0,14})"$/.exec(ifMatch)
  if (match === null) throw fail('api.precondition')
  return Number(match[1])
}
