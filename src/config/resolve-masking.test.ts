import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Config, ConfigProblem } from './config.ts'
import { loadConfig } from './load.ts'

function load(
  yaml: string,
  files: Readonly<Record<string, string>> = {},
): { readonly config: Config | null; readonly problems: readonly ConfigProblem[] } {
  const folder = mkdtempSync(join(tmpdir(), 'custody-masking-'))
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    const file = join(folder, 'custody.yaml')
    writeFileSync(file, yaml)
    const result = loadConfig({ env: {}, file, workingFolder: folder })
    return result.kind === 'config'
      ? { config: result.config, problems: [] }
      : { config: null, problems: result.problems }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const OWN = `{ id: own, entity: EMPLOYEE_ID, pattern: 'EMP-\\d{6}', score: 0.9,
      examples: { positive: ['EMP-123456'], negative: ['EMP-1'] } }`

test('nothing is masked unless the section is written', () => {
  assert.deepEqual(load('{}').config?.masking, {})
})

test('a route may be off, differ or follow the section', () => {
  const { config } = load(`
masking: { packs: [pci], operators: { CREDIT_CARD: { operator: mask, keepLast: 4 } } }
routes:
  - { name: open, match: { service: a }, masking: off }
  - { name: other, match: { service: b }, masking: { packs: [credentials], operators: {} } }
  - { name: same, match: { service: c } }
`)
  const masking = config?.masking ?? {}
  assert.deepEqual(Object.keys(masking).toSorted(), ['default', 'other', 'same'])
  assert.deepEqual(masking['other']?.packs, ['credentials'])
  assert.equal(masking['same']?.rules, masking['default']?.rules, 'compiled once')
  assert.deepEqual(masking['default']?.operators['CREDIT_CARD'], {
    kind: 'mask',
    char: '*',
    keepLast: 4,
  })
  assert.notEqual(masking['other']?.version, masking['default']?.version)
})

test('analyzers are off unless written, and closed where nothing is said of what is late', () => {
  assert.deepEqual(load('masking: {}').config?.masking['default']?.analyzers, [])
  const { config } = load(`
masking:
  operators: { PERSON: hash }
  analyzers:
    names: { directions: [request], deadline: 250ms, late: pass }
    presidio: { url: 'http://127.0.0.1:5002', language: de }
`)
  const common = { threshold: 0.5, language: 'en', url: '' }
  assert.deepEqual(config?.masking['default']?.analyzers, [
    {
      ...common,
      kind: 'names',
      directions: ['request'],
      entities: ['PERSON', 'LOCATION'],
      deadlineMs: 250,
      late: 'pass',
    },
    {
      ...common,
      kind: 'presidio',
      directions: ['request', 'response'],
      entities: [],
      deadlineMs: 1000,
      late: 'block',
      url: 'http://127.0.0.1:5002',
      language: 'de',
    },
  ])
})

test('rules and terms come from the file itself and from other files', () => {
  const { config, problems } = load(
    `
masking:
  packs: []
  rules:
    - ${OWN}
    - more.yaml
  terms: { entity: PROJECT, words: [Nightjar], files: [terms.txt] }
  operators: { EMPLOYEE_ID: hash, PROJECT: redact, BADGE: block }
`,
    {
      'more.yaml': `rules:
  - { id: badge, entity: BADGE, pattern: 'B#\\d{4}', score: 1, examples: { positive: ['B#1234'], negative: ['B#12'] } }`,
      'terms.txt': '# secret projects\nBlue Heron\n\nPeregrine\n',
    },
  )
  assert.deepEqual(problems, [])
  const rules = config?.masking['default']?.rules
  assert.deepEqual(
    rules?.ruleset.rules.map(({ id }) => id),
    ['own', 'badge'],
  )
  assert.deepEqual(rules?.source.terms?.words, ['Nightjar', 'Blue Heron', 'Peregrine'])
})

for (const [what, yaml, path, message] of [
  ['an unknown pack', 'masking: { packs: [nope] }', 'masking.packs', /there is no pack nope/],
  [
    'a rule id that does not exist',
    'masking: { without: [nope] }',
    'masking.without',
    /no rule of this id/,
  ],
  [
    'an entity that nothing reports',
    'masking: { packs: [pci], operators: { CREDIT_CART: hash } }',
    'masking.operators.CREDIT_CART',
    /no rule in use/,
  ],
  [
    'a parameter of another operator',
    'masking: { packs: [pci], operators: { CREDIT_CARD: { operator: hash, keepLast: 4 } } }',
    'masking.operators.CREDIT_CARD.keepLast',
    /belongs to the operator mask/,
  ],
  [
    'a look-ahead',
    `masking: { rules: [ ${OWN.replace('EMP-\\d', '(?=x)EMP-\\d')} ] }`,
    'masking.rules',
    /rule own: pattern/,
  ],
  [
    'a rule without examples',
    "masking: { rules: [ { id: own, entity: X, pattern: 'EMP-1', score: 1 } ] }",
    'masking.rules',
    /example/,
  ],
  ['a missing file', 'masking: { rules: [gone.yaml] }', 'masking.rules.0', /does not exist/],
  [
    'an entity that names do not have',
    'masking: { analyzers: { names: { entities: [AGE] } } }',
    'masking.analyzers.names.entities',
    /does not know/,
  ],
  [
    'an analyzer whose address holds a credential',
    "masking: { analyzers: { presidio: { url: 'https://me:secret@x.example' } } }",
    'masking.analyzers.presidio.url',
    /without credentials/,
  ],
  [
    'an operator for an entity that nobody reports',
    'masking: { operators: { PERSON: hash } }',
    'masking.operators.PERSON',
    /no rule in use/,
  ],
  ['an unknown key', 'masking: { pack: [pci] }', 'masking.pack', /unknown key/],
  ['a direction', 'masking: { directions: [up] }', 'masking.directions.0', /not acceptable/],
] as const) {
  test(`refused with its place: ${what}`, () => {
    const { problems } = load(yaml)
    assert.ok(
      problems.some((problem) => problem.path.startsWith(path) && message.test(problem.message)),
      JSON.stringify(problems),
    )
  })
}

test('problems of rules come together with all others', () => {
  const { problems } = load(`
listen: nowhere
masking:
  without: [nope]
  rules:
    - ${OWN.replace('EMP-\\d{6}', '(a+)+')}
`)
  assert.deepEqual(problems.map(({ path }) => path).toSorted(), [
    'listen',
    'masking.rules',
    'masking.without',
  ])
})
