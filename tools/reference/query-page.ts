/** The page of the query language: every field from the table that the parser reads, and examples that it must read. */
import { FIELD_NAMES, fieldOf } from '../../src/model/query/fields.ts'
import type { FieldName } from '../../src/model/query/fields.ts'
import { formatQuery } from '../../src/model/query/format.ts'
import { parseQuery } from '../../src/model/query/parse.ts'
import { UNIT_HINTS } from '../../src/model/query/quantities.ts'
import { cell, page, table } from './markdown.ts'

const EXAMPLES: readonly (readonly [string, string])[] = [
  ['principal:alice status:5xx', 'both hold'],
  ['principal:alice,bob', 'one of the two'],
  ['tool:read tool:write', 'both tools are offered'],
  ['model:gpt-5* or model:o4*', 'one of the two; `*` behind a beginning'],
  ['(entity:API_KEY or entity:IBAN_CODE) -service:ci/*', 'brackets; a minus for what must not be'],
  ['not (status:2xx and verdict:allow)', 'the same for a whole group'],
  ['error:""', 'has none'],
  ['principal:*', 'has any'],
  ['principal:"Alice B.","a (b)"', 'quotes around spaces, commas, brackets; `\\"` for a quote'],
  [
    'duration:>30s tokens-in:100000.. status:500..599',
    'measures: `<` `<=` `>` `>=`, and ranges with both ends in them',
  ],
  ['time:2026-11-01..2026-11-07', 'a day stands for all of it, as a minute does'],
  ['last:7d', 'the last seven days'],
]

export function queryPage(): string {
  return page('Query', [
    'One language for the console, the API (`q=`), saved searches and their alerts, hunts, legal holds, exports and the command line (`custody exchanges`, `custody tail`, `custody findings`).',
    'A query is made of terms `field:value`. Terms beside one another must all hold; `and`, `or`, `not` and brackets say otherwise: `not` binds most, then `and`, then `or`. `-` is `not` for the one behind it. Values after a comma are alternatives. Names of fields and the three words may be written in capitals; values are taken by the letter.',
    'A query that cannot be read is refused with the place and a hint; it is never taken for "everything". At most 4,000 characters, 200 terms, 20 brackets in one another. A comparison with what an exchange does not have is false.',
    '## Examples',
    table(
      ['query', 'finds'],
      EXAMPLES.map(([text, says]) => [`\`${cell(checked(text))}\``, cell(says)]),
    ),
    '## Fields',
    table(
      ['field', 'finds', 'takes'],
      FIELD_NAMES.map((name) => [`\`${name}\``, cell(fieldOf(name).says), cell(takes(name))]),
    ),
    'On the live page `last`, `after` and `before` outside of brackets are the stretch of time that is shown, the last 24 hours unless told.',
  ])
}

/** An example that the parser does not read the way it is written does not get into the page. */
function checked(text: string): string {
  const reading = parseQuery(text)
  if (reading.kind === 'problem') throw new Error(`${text}: ${reading.problem.message}`)
  if (formatQuery(reading.node) === '') throw new Error(`${text} asks nothing`)
  return text
}

function takes(name: FieldName): string {
  const { samples, isClosed, unit, takes: many, number, facet } = fieldOf(name)
  if (isClosed === true) return `one of ${samples.map((one) => `\`${one}\``).join(', ')}`
  if (unit !== null && facet === null) {
    const hint = UNIT_HINTS[unit].replace(/^Write /u, '').replace(/\.$/u, '')
    return many === 'one' ? `${hint}; once, without minus` : `${hint}; \`<\`, \`>\` and ranges`
  }
  return number === null ? 'text; `*` at its end' : 'number, class, `<`, `>` and ranges'
}
