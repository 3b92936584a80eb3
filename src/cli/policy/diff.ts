/** `custody policy diff OLD [NEW]`: which rules came, went or changed, and in which fields. */
import { isDeepStrictEqual } from 'node:util'
import { visibleLine } from '../../lib/visible-text.ts'
import { policyChanges } from '../../policy/changes.ts'
import { print, printJson } from '../output.ts'
import { policyFor, policyIn, readOrSay } from './read.ts'
import type { PolicyOptions } from './read.ts'

export function diffPolicies(
  before: string,
  after: string | undefined,
  options: PolicyOptions,
): void {
  const old = readOrSay(policyIn(before))
  const next = readOrSay(after === undefined ? policyFor(undefined, options) : policyIn(after))
  if (old === null || next === null) return
  const changes = policyChanges(old.loaded.policy, next.loaded.policy, isDeepStrictEqual)
  if (options.json === true) {
    printJson({ before: old.loaded.policy.hash, after: next.loaded.policy.hash, changes })
    return
  }
  if (changes.length === 0) print('no rule differs')
  for (const { rule, change, fields } of changes) {
    print(`${change === 'added' ? '+' : change === 'removed' ? '-' : '~'} ${rule}`)
    for (const { field, before: was, after: is } of fields)
      print(visibleLine(`    ${field}: ${was} -> ${is}`, 1000))
  }
}
