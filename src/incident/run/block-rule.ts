/** The rule that keeps what leaked from being sent again: by the fingerprints of its values, or by words that a person chose. */
import type { CaseRow } from '../../model/cases.ts'
import type { WrittenRule } from '../policy-desk.ts'

export interface BlockWish {
  /** Words of the text; a rule holds them in the clear. */
  readonly phrase: string
  readonly findings: readonly { readonly entity: string; readonly fingerprint: string }[]
}

/** Null where there is nothing to look for. */
export function blockRule({ number }: CaseRow, wish: BlockWish): WrittenRule | null {
  const { phrase, findings } = wish
  if (phrase === '' && findings.length === 0) return null
  const entities = [...new Set(findings.map(({ entity }) => entity))].toSorted()
  const fingerprints = [...new Set(findings.map(({ fingerprint }) => fingerprint))].toSorted()
  return {
    id: `case-${number}-${phrase === '' ? 'values' : 'words'}`,
    title: `What leaked in case #${number} stays here`,
    message: 'This text must not be sent. Ask those who respond to incidents.',
    on: ['request', 'tool_result'],
    ...(phrase === '' ? { entities, fingerprints } : { keywords: [phrase] }),
    // oxlint-disable-next-line unicorn/no-thenable -- the name is the policy's
    then: 'deny',
    stage: 'enforce',
    alert: ['log', 'metric'],
  }
}
