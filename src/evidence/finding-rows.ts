/** Derives rows of the findings index from what the record keeps of detection. */
import type { ExchangeId } from '../lib/ids.ts'
import { FINGERPRINT_DIGITS } from '../model/masking.ts'
import type { FindingDirection, FindingRecord, FindingRow } from '../model/masking.ts'

const NONE: readonly FindingRow[] = []

export interface NewFindings {
  readonly request?: readonly FindingRecord[] | undefined
  readonly answer?: readonly FindingRecord[] | undefined
}

export function findingRows(
  exchange: ExchangeId,
  direction: FindingDirection,
  findings: readonly FindingRecord[] | undefined,
): readonly FindingRow[] {
  if (findings === undefined || findings.length === 0) return NONE
  const rows = new Map<string, FindingRow>()
  for (const { entity, rule, score, fingerprint, operator } of findings) {
    const key = JSON.stringify([entity, rule, fingerprint, operator])
    const known = rows.get(key)
    rows.set(key, {
      exchange,
      direction,
      entity,
      rule,
      score: Math.max(score, known?.score ?? 0),
      fingerprint,
      operator,
      count: 1 + (known?.count ?? 0),
    })
  }
  return [...rows.values()]
}

export interface FindingLists {
  readonly findingsIn: readonly FindingDirection[]
  readonly entities: readonly string[]
  readonly rules: readonly string[]
  readonly fingerprints: readonly string[]
}

export const NO_FINDINGS: FindingLists = {
  findingsIn: [],
  entities: [],
  rules: [],
  fingerprints: [],
}

/** What the row of the exchange says of its findings: those it knew before, and these. */
export function withFindings(
  known: FindingLists,
  direction: FindingDirection,
  findings: readonly FindingRecord[] | undefined,
): FindingLists {
  if (findings === undefined || findings.length === 0) return known
  const { findingsIn, entities, rules, fingerprints } = known
  return {
    findingsIn: sortedSet<FindingDirection>([...findingsIn, direction]),
    entities: sortedSet([...entities, ...findings.map(({ entity }) => entity)]),
    rules: sortedSet([...rules, ...findings.map(({ rule }) => rule)]),
    fingerprints: sortedSet([
      ...fingerprints,
      ...findings.map(({ fingerprint }) => fingerprint.slice(0, FINGERPRINT_DIGITS)),
    ]),
  }
}

function sortedSet<Text extends string>(texts: readonly Text[]): readonly Text[] {
  return [...new Set(texts)].sort()
}
