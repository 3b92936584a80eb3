import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  array,
  assert as check,
  constantFrom,
  dictionary,
  letrec,
  oneof,
  property,
  string,
} from 'fast-check'
import { stringify } from 'yaml'
import { loadConfig } from './load.ts'
import { knownKeys, schemaAt } from './schema-walk.ts'
import { configSchema } from './schema.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-fuzz-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const file = join(folder, 'custody.yaml')

const PLANTED = 'sk-live-42424242424242'
const keys = [
  ...knownKeys(configSchema),
  ...['limits', 'recording', 'storage', 'log'].flatMap((section) =>
    knownKeys(schemaAt(configSchema, [section])),
  ),
  ...knownKeys(schemaAt(configSchema, ['upstreams', 'a'])),
  ...knownKeys(schemaAt(configSchema, ['routes', 0])),
  'classes',
  'default',
  'a',
  'b',
  '__proto__',
  'constructor',
  '1',
  PLANTED,
]
const leaf = constantFrom<unknown>(
  PLANTED,
  `Bearer ${PLANTED}`,
  `https://u:${PLANTED}@h.example`,
  '${KEY}',
  '${NOPE}',
  '${file:nope}',
  'none',
  'openai',
  'bedrock',
  '127.0.0.1:0',
  '5m',
  '64KiB',
  'strict',
  0,
  1,
  -1,
  1.5,
  true,
  null,
  '',
  'http://127.0.0.1:8080',
)
const { tree } = letrec((tie) => ({
  tree: oneof(
    { maxDepth: 4 },
    leaf,
    dictionary(constantFrom(...keys), tie('tree'), { maxKeys: 6 }),
    array(tie('tree'), { maxLength: 3 }),
  ),
}))

function load(text: string) {
  writeFileSync(file, text)
  return loadConfig({ file, env: { KEY: PLANTED }, workingFolder: folder })
}

test('any tree of keys and values gives a configuration or problems, and no secret in either', () => {
  check(
    property(dictionary(constantFrom(...keys), tree, { maxKeys: 6 }), (value) => {
      const result = load(stringify(value))
      assert.ok(!JSON.stringify(result).includes(PLANTED))
      if (result.kind === 'problems') assert.ok(result.problems.length > 0)
    }),
    { numRuns: 150 },
  )
})

test('any text gives a configuration or problems, and none of its secrets', () => {
  const piece = constantFrom(
    'limits',
    ':',
    ' ',
    '\n',
    '\t',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '&a',
    '*a',
    '!!x',
    '"',
    "'",
    '#',
    '|',
    '>',
    '%YAML',
    '---',
    PLANTED,
    '\u0000',
    '\ud800',
  )
  check(
    property(
      oneof(
        string({ unit: 'binary' }),
        array(piece).map((pieces) => pieces.join('')),
      ),
      (text) => {
        assert.ok(!JSON.stringify(load(text)).includes(PLANTED))
      },
    ),
    { numRuns: 250 },
  )
})
