/** Writes findings of a scan for people, for programs, and as SARIF for code-scanning services. The value is in none. */
import type { Rule } from '../detect/rule.ts'
import { VERSION } from '../app/version.ts'
import type { PlacedFinding } from './scan-text.ts'

export interface FileFinding extends PlacedFinding {
  readonly file: string
}

export function findingLine({ file, line, column, entity, rule, score, spelling }: FileFinding) {
  const how = spelling === 'plain' ? '' : `, ${spelling}`
  return `${file}:${line}:${column}: ${entity} (${rule}, ${score.toFixed(2)}${how})`
}

/** SARIF 2.1.0 (OASIS). */
export function sarifDocument(findings: readonly FileFinding[], rules: readonly Rule[]): unknown {
  const used = new Set(findings.map(({ rule }) => rule))
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'custody',
            version: VERSION,
            rules: rules
              .filter(({ id }) => used.has(id))
              .map(({ id, name, entity }) => ({
                id,
                shortDescription: { text: name === '' ? id : name },
                properties: { entity },
              })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: findings.map((finding) => ({
          ruleId: finding.rule,
          level: finding.score >= 0.8 ? 'error' : 'warning',
          message: { text: `${finding.entity} found (score ${finding.score.toFixed(2)})` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: finding.file },
                region: {
                  startLine: finding.line,
                  startColumn: finding.column,
                  endLine: finding.endLine,
                  endColumn: finding.endColumn,
                },
              },
            },
          ],
        })),
      },
    ],
  }
}
