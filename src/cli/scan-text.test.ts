import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { shippedPacks } from '../config/rule-files.ts'
import { compileRules } from '../detect/compiled-rules.ts'
import type { CompiledRules } from '../detect/compiled-rules.ts'
import { findingLine, sarifDocument } from './scan-report.ts'
import { scanTextIn } from './scan-text.ts'
import type { PlacedFinding, ScanFormat } from './scan-text.ts'

function rules(): CompiledRules {
  const compiled = compileRules({
    documents: shippedPacks(),
    choice: { packs: ['pci', 'pii'], without: [] },
    terms: null,
  })
  assert.ok(compiled.kind === 'compiled')
  return compiled.rules
}

const RULES = rules()

function scan(pieces: readonly string[], format: ScanFormat): readonly PlacedFinding[] {
  const scanning = scanTextIn({ rules: RULES, threshold: 0.5, format })
  return [...pieces.flatMap((piece) => scanning.push(piece)), ...scanning.end()]
}

const places = (found: readonly PlacedFinding[]): readonly string[] =>
  found.map((one) => `${one.line}:${one.column}-${one.endLine}:${one.endColumn} ${one.entity}`)

test('findings have the line and column at which the value stands', () => {
  const text = 'é 🎈\r\n  4111 1111 1111 1111\n\na jane@example.org, bob@example.org\n'
  assert.deepEqual(places(scan([text], 'text')), [
    '2:3-2:22 CREDIT_CARD',
    '4:3-4:19 EMAIL_ADDRESS',
    '4:21-4:36 EMAIL_ADDRESS',
  ])
})

test('JSON Lines are read line by line, escapes undone, with places in the file as it is', () => {
  const text = '{"a":"jane\\u0040example.org x"}\n\n{"b":{"c":"4111111111111111"}}'
  assert.deepEqual(places(scan([text], 'jsonl')), [
    '1:7-1:28 EMAIL_ADDRESS',
    '3:12-3:28 CREDIT_CARD',
  ])
})

test('a line that is no JSON is read as text', () => {
  assert.deepEqual(places(scan(['nope jane@example.org\n{"a":1}'], 'jsonl')), [
    '1:6-1:22 EMAIL_ADDRESS',
  ])
})

test('how a file comes in pieces changes nothing', () => {
  const text = 'x\n{"a":"jane@example.org"}\n 4111 1111 1111 1111 \n\n{"b":"bob@example.org"}\n'
  for (const format of ['text', 'json', 'jsonl'] as const) {
    const whole = scan([text], format)
    fc.assert(
      fc.property(fc.array(fc.nat(30)), (cuts) => {
        const pieces: string[] = []
        let from = 0
        for (const cut of cuts) {
          pieces.push(text.slice(from, from + cut))
          from += cut
        }
        pieces.push(text.slice(from))
        assert.deepEqual(scan(pieces, format), whole)
      }),
      { numRuns: 40 },
    )
  }
})

test('no report holds the value', () => {
  const [found] = scan(['jane@example.org '], 'text')
  const finding = { file: 'a.txt', ...found! }
  assert.equal(findingLine(finding), 'a.txt:1:1: EMAIL_ADDRESS (email, 0.95)')
  const sarif = JSON.stringify(sarifDocument([finding], RULES.ruleset.rules))
  assert.match(sarif, /"startLine":1,"startColumn":1,"endLine":1,"endColumn":17/)
  assert.ok(!sarif.includes('jane'))
})
