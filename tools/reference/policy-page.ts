/** The page of policy files: every field from the schema, every name that a condition may use. */
import { policySchema } from '../../src/config/policy/schema.ts'
import { allowedAt, noteOf } from '../../src/config/schema-walk.ts'
import {
  CONDITION_LIMITS,
  CONDITION_NAMES,
  FINDING_FUNCTIONS,
} from '../../src/policy/condition-lint.ts'
import { configKeys, descriptionOf } from './config-page.ts'
import { cell, page, table } from './markdown.ts'

export function policyPage(): string {
  const fields = configKeys(policySchema)
    .filter(({ path }) => !path.startsWith('rules[].unless'))
    .map(({ path, schema }) => [
      `\`${path}\``,
      noteOf(schema) === null ? 'section' : cell(allowedAt(schema)),
      cell(descriptionOf(schema)),
    ])
  const names = Object.entries(CONDITION_NAMES).map(([name, members]) => [
    `\`${name}\``,
    name === 'findings'
      ? FINDING_FUNCTIONS.map((one) => `\`.${one}("ENTITY")\``).join(', ')
      : (members ?? []).map((member) => `\`.${member}\``).join(', '),
  ])
  return page('Policy', [
    'A policy is one YAML file, named in `custody.yaml` as `policy: FILE`. How to write, test and roll one out: [guide](../guide/policy.md). For editors: [JSON Schema](policy.schema.json), `custody policy schema`.',
    'Unknown fields, duplicate keys, anchors and tags are refused; all problems come at once, with their lines. The hash of a policy is the SHA-256 of its text.',
    '## Fields',
    'Of the conditions of a rule each that is written must hold; inside a list one is enough. `keywords`, `patterns`, `entities`, `packs` and `detectors` together are one condition: a finding of any of them is enough. `unless` takes the same conditions.',
    table(['field', 'allowed', 'meaning'], fields),
    '## Conditions',
    `\`when\` is an expression in [CEL](https://cel.dev) that is true or false, at most ${CONDITION_LIMITS.charsMax} characters and ${CONDITION_LIMITS.nodesMax} parts, with no loop inside a loop. A condition that fails is undecided: \`fail\` of the rule says what becomes of it. \`matches\` is RE2. Numbers are whole. \`time\` is UTC. The counts of \`findings\` are of different values; without an entity, of all.`,
    table(['name', 'members'], names),
  ])
}
