import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyOverrides } from './overrides.ts'

const file = {
  upstreams: { 'my-vllm': { dialect: 'openai', baseUrl: 'http://a' } },
  routes: [{ name: 'a' }],
}

function over(env: Record<string, string>, flags = {}) {
  return applyOverrides(file, env, flags)
}

test('a variable sets the key it names, in the type of the key', () => {
  const cases: readonly (readonly [string, string, object])[] = [
    ['CUSTODY_LISTEN', '[::1]:9', { listen: '[::1]:9' }],
    ['CUSTODY_LIMITS__FIRSTBYTEMS', '5m', { limits: { firstByteMs: '5m' } }],
    ['CUSTODY_LIMITS__FIRST_BYTE_MS', '5000', { limits: { firstByteMs: 5000 } }],
    ['CUSTODY_LIMITS__JSONDEPTHMAX', '64', { limits: { jsonDepthMax: 64 } }],
    ['CUSTODY_STORAGE__INDEX', 'sqlite', { storage: { index: 'sqlite' } }],
    ['CUSTODY_ROUTES', '[{"name":"b"}]', { routes: [{ name: 'b' }] }],
    [
      'CUSTODY_ROUTES__0__RECORDING',
      'best-effort',
      { routes: [{ name: 'a', recording: 'best-effort' }] },
    ],
    [
      'CUSTODY_UPSTREAMS__MY_VLLM__ALLOWPRIVATEADDRESSES',
      'true',
      {
        upstreams: {
          'my-vllm': { dialect: 'openai', baseUrl: 'http://a', allowPrivateAddresses: true },
        },
      },
    ],
    [
      'CUSTODY_UPSTREAMS__MY_VLLM__DROPBETAS',
      'a, b',
      {
        upstreams: { 'my-vllm': { dialect: 'openai', baseUrl: 'http://a', dropBetas: ['a', 'b'] } },
      },
    ],
    [
      'CUSTODY_UPSTREAMS__OTHER_ONE__PRESET',
      'openai',
      { upstreams: { ...file.upstreams, 'other-one': { preset: 'openai' } } },
    ],
  ]
  for (const [name, text, expected] of cases) {
    const { value, unknown } = over({ [name]: text })
    assert.deepEqual(unknown, [], name)
    assert.deepEqual(value, { ...file, ...expected }, name)
  }
})

test('a secret given by a variable stays in it', () => {
  const { value } = over({
    CUSTODY_UPSTREAMS__MY_VLLM__CREDENTIAL: 'hunter2',
    CUSTODY_STORAGE__INDEX__POSTGRES: 'postgres://u:hunter2@h/d',
  })
  assert.ok(!JSON.stringify(value).includes('hunter2'))
  assert.match(JSON.stringify(value), /\$\{CUSTODY_STORAGE__INDEX__POSTGRES\}/)
})

test('a reference or the word none is kept as it is', () => {
  for (const text of ['${KEY}', 'none']) {
    const { value } = over({ CUSTODY_UPSTREAMS__A__CREDENTIAL: text })
    assert.match(
      JSON.stringify(value),
      new RegExp(`"credential":"${text.replaceAll(/[${}]/g, '\\$&')}"`),
    )
  }
})

test('flags win over variables, and each value knows where it was written', () => {
  const { value, origins } = over(
    { CUSTODY_LISTEN: 'a:1', CUSTODY_ADMIN: 'a:2' },
    { listen: 'b:1', data: 'd' },
  )
  assert.deepEqual(value, { ...file, listen: 'b:1', admin: 'a:2', storage: { folder: 'd' } })
  assert.deepEqual(Object.fromEntries(origins), {
    admin: 'env CUSTODY_ADMIN',
    listen: '--listen',
    'storage.folder': '--data',
  })
})

test('a variable that names no key is reported with a hint', () => {
  const cases = [
    ['CUSTODY_LIMITS__FRSTBYTEMS', /FIRSTBYTEMS/],
    ['CUSTODY_LIMIT__IDLEMS', /LIMITS/],
    ['CUSTODY_LISTEN__PORT', /./],
    ['CUSTODY_UPSTREAMS__A__NOPE__DEEP', /Known here/],
    ['CUSTODY_ROUTES__X__NAME', /^/],
    ['CUSTODY___PROTO____X', /./],
  ] as const
  for (const [name, words] of cases) {
    const { unknown, value } = over({ [name]: '1' })
    assert.equal(unknown.length, 1, name)
    assert.match(unknown[0]!.hint, words)
    assert.deepEqual(value, file, name)
  }
})

test('variables of another meaning are left alone', () => {
  const { value, unknown, warnings } = over({
    CUSTODY_CONFIG: 'x.yaml',
    CUSTODY_PORT: 'tcp://10.0.0.1:8080',
    CUSTODY_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
    CUSTODY_SERVICE_HOST: '10.0.0.1',
    CUSTODY_SERVER: 'https://custody.test',
    CUSTODY_TOKEN: 'cpt_x',
    CUSTODY_LISTEN: '',
    PATH: '/bin',
  })
  assert.deepEqual([value, unknown, warnings], [file, [], []])
})

test('a likely misspelling without section is warned about', () => {
  const { warnings } = over({ CUSTODY_LISTN: 'a:1' })
  assert.match(warnings[0]!, /Did you mean LISTEN/)
})

test('what was written is never changed', () => {
  const before = JSON.stringify(file)
  over({ CUSTODY_ROUTES__0__NAME: 'z', CUSTODY_UPSTREAMS__MY_VLLM__PRESET: 'openai' })
  assert.equal(JSON.stringify(file), before)
})
