import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { editBlock } from './block-settings.ts'
import { editJson } from './json-settings.ts'
import { readJsonText } from './json-text.ts'
import type { Setting, SettingFormat } from './setting-file.ts'
import { editToml } from './toml-settings.ts'
import { editYamlSettings } from './yaml-settings.ts'

function edited(format: SettingFormat, text: string, settings: readonly Setting[]) {
  const result = format(text, settings)
  assert.equal(result.kind, 'edited', JSON.stringify(result))
  return result.kind === 'edited' ? result : { text: '', before: [] }
}

function refusal(format: SettingFormat, text: string, settings: readonly Setting[]): string {
  const result = format(text, settings)
  return result.kind === 'refused' ? result.reason : `edited: ${result.text}`
}

test('JSON keeps every byte but those of the named settings', () => {
  const text = '{\n    "a": [1.0, "\\u00e9"],\n    "env": {"KEEP": "x",  "TOKEN": "old"}\n}\n'
  const { text: after, before } = edited(editJson, text, [
    { path: ['env', 'BASE'], value: 'http://gw' },
    { path: ['env', 'TOKEN'], value: undefined },
    { path: ['helper'], value: 'custody token' },
  ])
  assert.equal(
    after,
    '{\n    "a": [1.0, "\\u00e9"],\n    "env": {"KEEP": "x",  "BASE": "http://gw"},\n    "helper": "custody token"\n}\n',
  )
  assert.deepEqual(JSON.parse(edited(editJson, after, before).text), JSON.parse(text))
})

test('an empty or missing JSON file becomes an object', () => {
  for (const text of ['', ' \n', '{}', '{ }\n'])
    assert.deepEqual(JSON.parse(edited(editJson, text, [{ path: ['a', 'b'], value: 'c' }]).text), {
      a: { b: 'c' },
    })
})

test('JSON that is not plain JSON is refused with its line', () => {
  const wish = [{ path: ['a'], value: 'b' }]
  for (const [text, reason] of [
    ['{\n// note\n"a": "c"}', /line 2: comments/],
    ['{"a": "c" /* x */}', /this is no JSON/],
    ['{"a": "c",}', /comma too many/],
    ['{"a": "c", "a": "d"}', /stands twice/],
    ['["a"]', /no JSON object/],
    ['{"a": 1}', /neither a text/],
    ['{"a": ["x"]}', /neither a text/],
    ['{"a": "c"', /this is no JSON/],
    ['{"a": "c"} x', /follows the end/],
    ["{'a': 'c'}", /this is no JSON/],
    ['{"a": "c\n"}', /this is no JSON/],
    ['{"a": 01}', /this is no JSON/],
    ['['.repeat(100), /too deep/],
  ] as const)
    assert.match(refusal(editJson, text, wish), reason, text)
  assert.match(refusal(editJson, '{"a": "b"}', [{ path: ['a', 'x'], value: 'y' }]), /no object/)
})

test('what JSON.parse reads is read, with each value at its place; what it refuses is refused', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), fc.constantFrom(0, 2, '\t'), (json, space) => {
      const text = JSON.stringify(JSON.parse(json), null, space)
      const root = readJsonText(text)
      if (typeof root === 'string') return assert.match(root, /stands twice/)
      for (const { name, value } of root.members ?? [])
        assert.deepEqual(
          JSON.parse(text.slice(value.start, value.end)),
          Object.entries(JSON.parse(text) as object).find(([key]) => key === name)?.[1],
        )
    }),
  )
  fc.assert(
    fc.property(
      fc.json({ maxDepth: 2 }),
      fc.nat(),
      fc.constantFrom('{', '}', '[', ']', ',', ':', '"', 'x', '\\', ' '),
      (json, at, mark) => {
        const place = at % (json.length + 1)
        const text = json.slice(0, place) + mark + json.slice(place)
        let isJson = true
        try {
          JSON.parse(text)
        } catch {
          isJson = false
        }
        const read = readJsonText(text)
        if (!isJson) assert.equal(typeof read, 'string', text)
      },
    ),
  )
})

const PROVIDER: Setting = {
  path: ['model_providers', 'custody'],
  value: { name: 'Custody', n: 5, auth: { command: 'custody', args: ['token', '--x'] } },
}
const TABLE =
  '[model_providers.custody]\nname = "Custody"\nn = 5\n\n[model_providers.custody.auth]\ncommand = "custody"\nargs = ["token", "--x"]\n'

test('TOML gets a key in front of its tables and a table behind them, and loses both without a trace', () => {
  for (const [text, expected] of [
    ['', `model_provider = "custody"\n\n${TABLE}`],
    [
      '# mine\nmodel = "gpt-5" # best\n',
      `# mine\nmodel = "gpt-5" # best\nmodel_provider = "custody"\n\n${TABLE}`,
    ],
    [
      'model = "a"\n\n[projects."/srv/a.b"]\ntrust = "x"\n',
      `model = "a"\nmodel_provider = "custody"\n\n[projects."/srv/a.b"]\ntrust = "x"\n\n${TABLE}`,
    ],
    ['[a]\nb = 1', `model_provider = "custody"\n\n[a]\nb = 1\n\n${TABLE}`],
    [
      'model_provider = "openai" # of old\nlist = [\n  1, # one\n  { x = "]" },\n]\n',
      `model_provider = "custody" # of old\nlist = [\n  1, # one\n  { x = "]" },\n]\n\n${TABLE}`,
    ],
  ] as const) {
    const { text: after, before } = edited(editToml, text, [
      { path: ['model_provider'], value: 'custody' },
      PROVIDER,
    ])
    // An empty file has no key to stand behind, so the table makes the gap.
    assert.equal(after.replaceAll(/\n{3,}/g, '\n\n'), expected)
    const back = edited(editToml, after, before).text
    assert.equal(back.trim(), text.trim())
  }
})

test('settings that somebody added meanwhile stay when ours go', () => {
  const first = edited(editToml, 'model = "a"\n', [PROVIDER])
  const later = `${first.text}\n[projects.x]\ntrust = "yes"\n`
  assert.equal(
    edited(editToml, later, first.before).text,
    'model = "a"\n\n[projects.x]\ntrust = "yes"\n',
  )
})

test('TOML that is not understood to its end is refused with its line', () => {
  for (const [text, reason] of [
    ['a = "x\n', /line 1/],
    ['a = 1\nb = [1, 2\n', /line \d/],
    ['a = 1\nb\n', /line 2/],
    ['[a\nb = 1\n', /line 1/],
    ['a = """x"\n', /line 1/],
    ['a = 1 b = 2\n', /line 1/],
    ['model_provider = 5\n', /no plain text/],
    ["model_provider = 'x'\n", /no plain text/],
    ['[model_providers.custody]\nname = "other"\n', /there already/],
    ['model_providers = { custody = { name = "x" } }\n', /written inline/],
  ] as const)
    assert.match(
      refusal(editToml, text, [{ path: ['model_provider'], value: 'custody' }, PROVIDER]),
      reason,
      text,
    )
})

test('YAML keeps comments and order; what is no clean map of texts is refused', () => {
  const text = '# mine\nmodel: gpt-5 # best\nmodels:\n  - name: a\n    provider: openai\n'
  const { text: after, before } = edited(editYamlSettings, text, [
    { path: ['openai-api-base'], value: 'http://gw' },
    { path: ['models', '0', 'apiBase'], value: 'http://gw/v1' },
  ])
  assert.equal(
    after,
    '# mine\nmodel: gpt-5 # best\nmodels:\n  - name: a\n    provider: openai\n    apiBase: http://gw/v1\nopenai-api-base: http://gw\n',
  )
  assert.equal(edited(editYamlSettings, after, before).text, text)
  for (const [bad, reason] of [
    ['a: 1\n---\nb: 2\n', /more than one document/],
    ['a: [1\n', /no clean YAML/],
    ['- a\n', /no map/],
    ['a: b\na: c\n', /no clean YAML/],
    ['openai-api-base: [1]\n', /no text/],
    ['models: x\n', /no map/],
    ['models: &m [{ a: b }]\nother: *m\n', /^edited/],
  ] as const)
    assert.match(
      refusal(editYamlSettings, bad, [
        { path: ['openai-api-base'], value: 'x' },
        ...(bad.includes('models') ? [{ path: ['models', '0', 'a'], value: 'y' }] : []),
      ]),
      reason,
      bad,
    )
})

test('a block of lines is one, wherever it is set again, and goes without a trace', () => {
  fc.assert(
    fc.property(fc.string(), (noise) => {
      const text = noise.replaceAll('#', '')
      const once = edited(editBlock, text, [{ path: [], value: 'A=1\nB=2' }]).text
      const twice = edited(editBlock, once, [{ path: [], value: 'A=3' }]).text
      assert.equal(twice.split('# >>> custody connect >>>').length, 2)
      assert.ok(twice.includes('\nA=3\n') && !twice.includes('A=1'))
      const back = edited(editBlock, twice, [{ path: [], value: undefined }]).text
      assert.equal(back.replace(/\n$/, ''), text.replace(/\n$/, ''))
    }),
  )
  for (const broken of [
    '# >>> custody connect >>>\nA=1\n',
    '# <<< custody connect <<<\n# >>> custody connect >>>\n',
    '# >>> custody connect >>>\n# >>> custody connect >>>\n# <<< custody connect <<<\n',
  ])
    assert.match(refusal(editBlock, broken, [{ path: [], value: 'A=1' }]), /marks of the block/)
})
