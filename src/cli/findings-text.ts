/** Lists what was found in an exchange and what was done with it; the value is not in the record of a finding. */
import { visibleLine } from '../lib/visible-text.ts'
import type { FindingRecord, UninspectedRecord } from '../model/masking.ts'
import type { ClosingFacts, OpeningFacts } from '../model/record.ts'

const SHOWN_MAX = 100
const PRINT_DIGITS = 12

export function findingsText(
  facts: Pick<OpeningFacts, 'findings' | 'uninspected'>,
  closing: Pick<ClosingFacts, 'findings' | 'uninspected'> | null,
): string[] {
  return [
    ...listed('request', facts.findings, facts.uninspected),
    ...listed('answer', closing?.findings, closing?.uninspected),
  ]
}

function listed(
  where: string,
  findings: readonly FindingRecord[] | undefined,
  uninspected: readonly UninspectedRecord[] | undefined,
): string[] {
  if (findings === undefined) return []
  const lines = [
    `findings in the ${where}: ${findings.length === 0 ? 'none' : String(findings.length)}`,
    ...findings.slice(0, SHOWN_MAX).map((one) => `  ${visibleLine(lineOf(one))}`),
  ]
  if (findings.length > SHOWN_MAX) lines.push(`  and ${findings.length - SHOWN_MAX} more (--json)`)
  for (const { channel, start, end, reason } of uninspected ?? [])
    lines.push(`  not looked into: ${visibleLine(`${channel} ${start}-${end}, ${reason}`)}`)
  return lines
}

function lineOf(finding: FindingRecord): string {
  const { entity, rule, score, block, channel, start, end, spelling, operator } = finding
  const place =
    channel === '' ? (block === null ? 'outside blocks' : `block ${block + 1}`) : channel
  const how = spelling === 'plain' ? '' : `, ${spelling}`
  const print = finding.fingerprint.slice(0, PRINT_DIGITS)
  return `${entity} (${rule}, ${score.toFixed(2)}${how}) ${operator}, ${place} ${start}-${end}, fingerprint ${print}`
}
