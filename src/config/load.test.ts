import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { after, test } from 'node:test'
import type { ConfigProblem } from './config.ts'
import { loadConfig } from './load.ts'
import type { LoadOptions } from './load.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-load-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const empty = join(folder, 'empty')
mkdirSync(empty)

let files = 0
function written(yaml: string | Buffer): string {
  files += 1
  const file = join(folder, `config-${files}.yaml`)
  writeFileSync(file, yaml)
  return file
}

const SECRET = 'sk-live-4242424242'
const env = { OPENAI_API_KEY: SECRET }

function load(yaml: string, more: Partial<LoadOptions> = {}) {
  const result = loadConfig({ file: written(yaml), env, workingFolder: empty, ...more })
  assert.equal(result.kind, 'config', inspect(result, { depth: 5 }))
  return result.kind === 'config' ? result : assert.fail()
}

function refuse(
  yaml: string | Buffer,
  more: Partial<LoadOptions> = {},
): readonly [ConfigProblem, ...ConfigProblem[]] {
  const result = loadConfig({ file: written(yaml), env, workingFolder: empty, ...more })
  assert.equal(result.kind, 'problems', 'the configuration was accepted')
  if (result.kind !== 'problems') assert.fail()
  const [first, ...rest] = result.problems
  assert.ok(first)
  return [first, ...rest]
}

test('an empty file gives the defaults', () => {
  for (const yaml of ['', '# nothing\n', '{}', 'limits:\nlog:\n']) {
    const { config, warnings } = load(yaml)
    assert.deepEqual(config.listen, { host: '127.0.0.1', port: 8080 })
    assert.deepEqual(config.admin, { host: '127.0.0.1', port: 8081 })
    assert.equal(config.tls, null)
    assert.equal(config.storage.folder, join(empty, 'custody-data'))
    assert.deepEqual(config.storage.index, { kind: 'sqlite' })
    assert.deepEqual(config.limits, {
      headerBytesMax: 65_536,
      bodyBytesMax: 512 * 2 ** 20,
      inspectBytesMax: 32 * 2 ** 20,
      jsonDepthMax: 128,
      jsonElementsMax: 1_000_000,
      concurrentExchangesMax: 1024,
      bufferedBytesMax: 512 * 2 ** 20,
      headersMs: 15_000,
      requestIdleMs: 30_000,
      connectMs: 10_000,
      firstByteMs: 600_000,
      idleMs: 300_000,
      drainMs: 60_000,
    })
    assert.deepEqual(config.recording, {
      mode: 'strict',
      segmentBytesMax: 256 * 2 ** 20,
      segmentAgeMs: 3_600_000,
      flushMs: 50,
      deadlineMs: 5000,
      freeBytesMin: 512 * 2 ** 20,
    })
    assert.deepEqual(config.retention, [{ name: 'default', minDays: 183, maxDays: null, tags: [] }])
    assert.deepEqual(
      config.routes.map(({ name, mode }) => [name, mode]),
      [['default', 'strict']],
    )
    assert.deepEqual(warnings, [])
  }
})

test('a configuration is frozen all the way down', () => {
  const { config } = load('upstreams: { openai: { preset: openai } }')
  const unfrozen = (value: unknown): boolean =>
    typeof value === 'object' &&
    value !== null &&
    (!Object.isFrozen(value) || Object.values(value).some(unfrozen))
  assert.equal(unfrozen(config), false)
})

test('presets give dialect, base URL and credential header', () => {
  const cases = [
    ['openai', {}, 'openai', 'https://api.openai.com', 'authorization', 'Bearer '],
    ['anthropic', {}, 'anthropic', 'https://api.anthropic.com', 'x-api-key', ''],
    ['gemini', {}, 'gemini', 'https://generativelanguage.googleapis.com', 'x-goog-api-key', ''],
    [
      'vertex',
      { region: 'europe-west4' },
      'gemini',
      'https://europe-west4-aiplatform.googleapis.com',
      'authorization',
      'Bearer ',
    ],
    [
      'bedrock',
      { region: 'us-east-1' },
      'bedrock',
      'https://bedrock-runtime.{region}.amazonaws.com',
      'authorization',
      'Bearer ',
    ],
    [
      'azure-openai',
      { baseUrl: 'https://x.openai.azure.com/openai/v1/' },
      'openai',
      'https://x.openai.azure.com',
      'api-key',
      '',
    ],
    ['groq', {}, 'openai', 'https://api.groq.com/openai', 'authorization', 'Bearer '],
  ] as const
  for (const [preset, more, dialect, baseUrl, header, prefix] of cases) {
    const yaml = JSON.stringify({
      upstreams: { it: { preset, credential: '${OPENAI_API_KEY}', ...more } },
    })
    const upstream = load(yaml).config.upstreams[0]!
    assert.equal(upstream.dialect, dialect, preset)
    assert.equal(upstream.baseUrl, baseUrl, preset)
    const { credential } = upstream
    assert.ok(credential.kind === 'header', preset)
    assert.equal(credential.header, header, preset)
    assert.equal(credential.prefix, prefix, preset)
    assert.equal(credential.secret, SECRET)
  }
})

test('presets of local servers need no credential and permit private addresses', () => {
  const { config } = load('upstreams: { a: { preset: ollama }, b: { preset: vllm } }')
  assert.deepEqual(
    config.upstreams.map((upstream) => [upstream.credential.kind, upstream.allowPrivateAddresses]),
    [
      ['none', true],
      ['none', true],
    ],
  )
})

test('a header and a scheme named by hand are used', () => {
  const of = (more: string) =>
    load(`upstreams: { a: { preset: openai, ${more} } }`).config.upstreams[0]!.credential
  const plain = of('credentialHeader: X-Api-Token')
  assert.ok(plain.kind === 'header')
  assert.deepEqual([plain.header, plain.prefix], ['x-api-token', ''])
  const schemed = of('credentialHeader: X-Api-Token, credentialScheme: Token')
  assert.ok(schemed.kind === 'header')
  assert.deepEqual([schemed.header, schemed.prefix], ['x-api-token', 'Token '])
  const bare = of('credentialScheme: ""')
  assert.ok(bare.kind === 'header')
  assert.deepEqual([bare.header, bare.prefix], ['authorization', ''])
})

test('extra headers are lower-case and their secrets do not print', () => {
  const { config } = load(
    'upstreams: { a: { preset: openai, headers: { OpenAI-Organization: org-1, X-Token: "${OPENAI_API_KEY}" } } }',
  )
  const { headers } = config.upstreams[0]!
  assert.deepEqual(Object.entries(headers), [
    ['openai-organization', 'org-1'],
    ['x-token', SECRET],
  ])
  assert.equal(
    JSON.stringify(headers),
    '{"openai-organization":"org-1","x-token":"(from env OPENAI_API_KEY)"}',
  )
})

test('a secret from a file is trimmed, relative to the folder of the configuration', () => {
  writeFileSync(join(folder, 'key'), `${SECRET}\n`)
  const { config } = load('upstreams: { a: { preset: openai, credential: "${file:key}" } }')
  const { credential } = config.upstreams[0]!
  assert.ok(credential.kind === 'header')
  assert.equal(credential.secret, SECRET)
})

test('no secret shows in any print of a configuration', () => {
  const { config } = load(
    `upstreams:
  a: { preset: openai }
  b: { preset: bedrock, sigv4: { region: us-east-1, accessKeyId: "\${OPENAI_API_KEY}", secretAccessKey: "\${OPENAI_API_KEY}", sessionToken: "\${OPENAI_API_KEY}" } }
storage: { index: { postgres: "\${PG}" } }`,
    { env: { ...env, PG: 'postgres://u:hunter2@db/x' } },
  )
  const prints = [
    JSON.stringify(config),
    inspect(config, { depth: 20, showHidden: true }),
    inspect(config.upstreams[1]!.credential, { showHidden: true }),
    String(config.storage.index.kind === 'postgres' ? config.storage.index.url : ''),
    JSON.stringify({ ...config.upstreams[0]!.credential }),
  ]
  for (const print of prints) {
    assert.ok(!print.includes(SECRET) && !print.includes('hunter2'), print)
  }
  assert.match(prints[0]!, /\(from env OPENAI_API_KEY\)/)
  assert.ok(config.storage.index.kind === 'postgres')
  assert.equal(config.storage.index.url.reveal(), 'postgres://u:hunter2@db/x')
})

test('routes are resolved in order and end with the default', () => {
  const { config, warnings } = load(`
recording: { mode: strict-chunks }
retention: { classes: { long: { maxDays: 400 } } }
upstreams: { openai: { preset: openai } }
routes:
  - match: { upstream: openai, model: gpt-* }
    recording: best-effort
  - name: rest
    retention: long
  - match: { service: x }
`)
  assert.deepEqual(
    config.routes.map(({ name, mode, retentionClass }) => [name, mode, retentionClass]),
    [
      ['route-1', 'best-effort', 'default'],
      ['rest', 'strict-chunks', 'long'],
      ['route-3', 'strict-chunks', 'default'],
      ['default', 'strict-chunks', 'default'],
    ],
  )
  assert.deepEqual(warnings, [
    'routes: rest matches everything, so the routes after it are never used',
  ])
})

test('all problems of a file are reported at once, in order, each with its place', () => {
  const problems = refuse(`listen: ":8080"
admn: 1
limits:
  firstByteMS: 3
  jsonDepthMax: 0
upstreams:
  a:
    preset: opnai
  b:
    preset: openai
    credential: ${SECRET}
  c: { preset: openai, credential: "\${NOPE}" }
routes:
  - match: { upstream: d }
`)
  assert.deepEqual(
    problems.map(({ path, line, column }) => [path, line, column]),
    [
      ['listen', 1, 9],
      ['admn', 2, 1],
      ['limits.firstByteMS', 4, 3],
      ['limits.jsonDepthMax', 5, 17],
      ['upstreams.a.preset', 8, 13],
      ['upstreams.b.credential', 11, 17],
      ['upstreams.c.credential', 12, 36],
      ['routes.0.match.upstream', 14, 24],
    ],
  )
  assert.ok(!JSON.stringify(problems).includes(SECRET))
  assert.ok(!JSON.stringify(problems).includes('4242'))
})

const refusals: readonly (readonly [what: string, yaml: string, path: string, words: RegExp])[] = [
  ['an unknown key', 'lisen: 127.0.0.1:1', 'lisen', /unknown key.*Did you mean listen/],
  ['a key of another section', 'firstByteMs: 1s', 'firstByteMs', /It belongs under limits/],
  [
    'a credential as a key',
    'upstreams: { a: { preset: openai, sk-live-4242: 1 } }',
    'upstreams.a.(a key of 12 characters)',
    /never written/,
  ],
  [
    'a wrong type',
    'limits: { jsonDepthMax: "12" }',
    'limits.jsonDepthMax',
    /not acceptable.*whole number/,
  ],
  ['a list for a section', 'limits: []', 'limits', /found":"a list"/],
  [
    'a fraction for a count',
    'limits: { jsonDepthMax: 1.5 }',
    'limits.jsonDepthMax',
    /whole number/,
  ],
  ['a duration without unit words', 'limits: { idleMs: 5 minutes }', 'limits.idleMs', /a duration/],
  ['a negative duration', 'limits: { idleMs: -5 }', 'limits.idleMs', /a duration/],
  ['a duration out of range', 'limits: { idleMs: 1ms }', 'limits.idleMs', /from 100ms to 1d/],
  ['a size in bits', 'limits: { bodyBytesMax: 5Mb }', 'limits.bodyBytesMax', /a size/],
  [
    'an inspection limit above all memory',
    'limits: { inspectBytesMax: 1GiB }',
    'limits.inspectBytesMax',
    /bufferedBytesMax/,
  ],
  [
    'a yes for a boolean',
    'upstreams: { a: { preset: ollama, allowPrivateAddresses: yes } }',
    'upstreams.a.allowPrivateAddresses',
    /true or false/,
  ],
  ['a port out of range', 'listen: 127.0.0.1:70000', 'listen', /0 to 65535/],
  ['a port alone', 'listen: "8080"', 'listen', /127\.0\.0\.1:8080/],
  ['a number as listener', 'listen: 8080', 'listen', /host:port/],
  ['a URL as listener', 'listen: http://127.0.0.1:8080', 'listen', /without a scheme/],
  ['IPv6 without brackets', 'listen: "::1:8080"', 'listen', /brackets/],
  ['a broken IPv6 address', 'listen: "[::zz]:8080"', 'listen', /not a host name/],
  ['the same port twice', 'listen: 127.0.0.1:9\nadmin: localhost:9', 'admin', /the same port/],
  [
    'the same port under a wildcard',
    'listen: 0.0.0.0:9\nadmin: 127.0.0.1:9',
    'admin',
    /the same port/,
  ],
  [
    'an upstream without dialect',
    'upstreams: { a: { baseUrl: "https://a.example" } }',
    'upstreams.a',
    /neither a preset nor a dialect/,
  ],
  [
    'an upstream without address',
    'upstreams: { a: { dialect: openai } }',
    'upstreams.a',
    /baseUrl is missing/,
  ],
  [
    'an azure preset without address',
    'upstreams: { a: { preset: azure-openai, credential: "${OPENAI_API_KEY}" } }',
    'upstreams.a',
    /baseUrl is missing/,
  ],
  [
    'a vertex preset without region',
    'upstreams: { a: { preset: vertex, credential: "${OPENAI_API_KEY}" } }',
    'upstreams.a',
    /region is missing/,
  ],
  [
    'an upstream name in capitals',
    'upstreams: { OpenAI: { preset: openai } }',
    'upstreams.OpenAI',
    /name is not acceptable/,
  ],
  [
    'a reserved upstream name',
    'upstreams: { v1: { preset: openai } }',
    'upstreams.v1',
    /taken by the gateway/,
  ],
  [
    'a password in a base URL',
    'upstreams: { a: { preset: openai, baseUrl: "https://u:p@a.example" } }',
    'upstreams.a.baseUrl',
    /not into the URL/,
  ],
  [
    'a key in a base URL',
    'upstreams: { a: { preset: openai, baseUrl: "https://a.example/?key=1" } }',
    'upstreams.a.baseUrl',
    /Remove the query/,
  ],
  [
    'a base URL of another scheme',
    'upstreams: { a: { preset: openai, baseUrl: "file:///etc/passwd" } }',
    'upstreams.a.baseUrl',
    /https:\/\/ or http/,
  ],
  [
    'a metadata address',
    'upstreams: { a: { preset: openai, baseUrl: "http://169.254.169.254" } }',
    'upstreams.a.baseUrl',
    /link-local/,
  ],
  [
    'a metadata address in decimal',
    'upstreams: { a: { preset: openai, baseUrl: "http://2852039166/" } }',
    'upstreams.a.baseUrl',
    /link-local/,
  ],
  [
    'a private address that is refused too',
    'upstreams: { a: { preset: ollama, allowPrivateAddresses: false } }',
    'upstreams.a.baseUrl',
    /private address/,
  ],
  [
    'the gateway as its own upstream',
    'upstreams: { a: { preset: openai, baseUrl: "http://localhost:8080/openai/v1" } }',
    'upstreams.a.baseUrl',
    /this gateway itself/,
  ],
  [
    'a literal secret',
    'upstreams: { a: { preset: openai, credential: hunter2 } }',
    'upstreams.a.credential',
    /Never write a secret/,
  ],
  [
    'a shell-style reference',
    'upstreams: { a: { preset: openai, credential: $OPENAI_API_KEY } }',
    'upstreams.a.credential',
    /in braces/,
  ],
  [
    'a scheme beside a reference',
    'upstreams: { a: { preset: openai, credential: "Bearer ${OPENAI_API_KEY}" } }',
    'upstreams.a.credential',
    /credentialScheme/,
  ],
  [
    'a reference with a default',
    'upstreams: { a: { preset: openai, credential: "${X:-sk-1}" } }',
    'upstreams.a.credential',
    /not supported/,
  ],
  [
    'a reference outside credentials',
    'limits: { idleMs: "${IDLE}" }',
    'limits.idleMs',
    /CUSTODY_SECTION__KEY/,
  ],
  [
    'a missing variable',
    'upstreams: { a: { preset: openai, credential: "${NOPE}" } }',
    'upstreams.a.credential',
    /NOPE is not set/,
  ],
  [
    "a preset's missing variable",
    'upstreams: { a: { preset: mistral } }',
    'upstreams.a.credential',
    /MISTRAL_API_KEY is not set/,
  ],
  [
    'a missing file',
    'upstreams: { a: { preset: openai, credential: "${file:nope}" } }',
    'upstreams.a.credential',
    /ENOENT/,
  ],
  [
    'a folder as secret',
    'upstreams: { a: { preset: openai, credential: "${file:.}" } }',
    'upstreams.a.credential',
    /small regular file/,
  ],
  [
    'a gateway key as credential',
    'upstreams: { a: { preset: openai, credential: "${GATEWAY}" } }',
    'upstreams.a.credential',
    /gateway key/,
  ],
  [
    'a secret of two lines',
    'upstreams: { a: { preset: openai, credential: "${LINES}" } }',
    'upstreams.a.credential',
    /cannot be sent/,
  ],
  [
    'a literal in a credential header',
    'upstreams: { a: { preset: openai, headers: { x-token: hunter2 } } }',
    'upstreams.a.headers.x-token',
    /Never write a secret/,
  ],
  [
    'a literal secret in another header',
    'upstreams: { a: { preset: openai, headers: { x-org: sk-live-424242 } } }',
    'upstreams.a.headers.x-org',
    /Never write a secret/,
  ],
  [
    'a line break in a header',
    'upstreams: { a: { preset: openai, headers: { x-org: "a\\nb" } } }',
    'upstreams.a.headers.x-org',
    /cannot be sent/,
  ],
  [
    'a framing header',
    'upstreams: { a: { preset: openai, headers: { Transfer-Encoding: chunked } } }',
    'upstreams.a.headers.Transfer-Encoding',
    /belongs to the gateway/,
  ],
  [
    'a header twice',
    'upstreams: { a: { preset: openai, headers: { X-A: "1", x-a: "2" } } }',
    'upstreams.a.headers.x-a',
    /twice/,
  ],
  [
    'a header name with a space',
    'upstreams: { a: { preset: openai, headers: { "x a": "1" } } }',
    'upstreams.a.headers.(a key of 3 characters)',
    /name is not acceptable/,
  ],
  [
    'half of sigv4',
    'upstreams: { a: { preset: bedrock, sigv4: { region: us-east-1 } } }',
    'upstreams.a.sigv4.accessKeyId',
    /required value is missing/,
  ],
  [
    'credential and sigv4',
    'upstreams: { a: { preset: bedrock, credential: "${OPENAI_API_KEY}", sigv4: { region: us-east-1, accessKeyId: "${OPENAI_API_KEY}", secretAccessKey: "${OPENAI_API_KEY}" } } }',
    'upstreams.a.credential',
    /both/,
  ],
  [
    'a literal connection string',
    'storage: { index: { postgres: "postgres://u:p@h/d" } }',
    'storage.index.postgres',
    /Never write a secret/,
  ],
  ['another index', 'storage: { index: mysql }', 'storage.index', /sqlite/],
  [
    'a secret that is no connection string',
    'storage: { index: { postgres: "${OPENAI_API_KEY}" } }',
    'storage.index.postgres',
    /connection string/,
  ],
  [
    'a route to an unknown upstream',
    'upstreams: { openai: { preset: openai } }\nroutes: [{ match: { upstream: opnai } }]',
    'routes.0.match.upstream',
    /Did you mean openai/,
  ],
  [
    'a route with an unknown class',
    'routes: [{ retention: longg }]',
    'routes.0.retention',
    /nothing of this name/,
  ],
  [
    'two routes of one name',
    'routes: [{ name: a, match: { model: x } }, { name: a }]',
    'routes.1.name',
    /two routes/,
  ],
  ['a route named default', 'routes: [{ name: default }]', 'routes.0.name', /taken/],
  [
    'an unknown recording mode',
    'routes: [{ recording: stict }]',
    'routes.0.recording',
    /Did you mean strict\?/,
  ],
  [
    'a maximum below the minimum',
    'retention: { classes: { a: { minDays: 9, maxDays: 3 } } }',
    'retention.classes.a.maxDays',
    /below minDays/,
  ],
  ['tls without key', 'tls: { certFile: a }', 'tls.keyFile', /missing/],
  [
    'tls files that are not there',
    'tls: { certFile: a.crt, keyFile: a.key }',
    'tls.certFile',
    /ENOENT/,
  ],
  [
    'a bundle of authorities that is not there',
    'tls: { certFile: a.crt, keyFile: a.key, clientCertificates: { caFile: ca.pem } }',
    'tls.clientCertificates.caFile',
    /ENOENT/,
  ],
  [
    'client certificates without authorities',
    'tls: { certFile: a.crt, keyFile: a.key, clientCertificates: { required: true } }',
    'tls.clientCertificates.caFile',
    /missing/,
  ],
]

for (const [what, yaml, path, words] of refusals) {
  test(`${what} is refused`, () => {
    const problems = refuse(yaml, {
      env: { ...env, GATEWAY: 'cst_abc', LINES: 'a\nb' },
    })
    const problem = problems.find((candidate) => candidate.path === path)
    assert.ok(problem, JSON.stringify(problems))
    assert.match(JSON.stringify(problem), words)
    assert.notEqual(problem.line, null)
    assert.ok(!/hunter2|4242|postgres:\/\/u/.test(JSON.stringify(problems)))
  })
}

const broken: readonly (readonly [
  what: string,
  yaml: string | Buffer,
  line: number,
  words: RegExp,
])[] = [
  ['a duplicate key', 'log: {}\nlisten: a:1\nlog: {}', 3, /written twice/],
  ['a tab', 'log:\n\tlevel: info', 2, /tab/],
  ['an anchor', 'log: &a {}\n', 1, /anchors/],
  ['an alias bomb', 'a: &a [1,1]\nb: &b [*a,*a]\nc: [*b,*b]', 1, /anchors/],
  ['an alias without anchor', 'log: *secret-4242', 1, /anchors/],
  ['a tag', 'log: !!js/function "x"', 1, /tags/],
  ['a second document', 'log: {}\n---\nlog: {}', 2, /more than one/],
  ['an open bracket', 'log: {', 1, /bracket is open/],
  ['a prototype as key', 'upstreams:\n  __proto__: { preset: openai }', 2, /cannot be a key/],
  ['a list as key', '? [a, b]\n: 1', 1, /cannot be a key/],
  ['an open quote', 'listen: "127.0.0.1:80', 1, /missing|well-formed/],
  ['deep nesting', `log: ${'['.repeat(100_000)}`, 1, /deep|missing|well-formed/],
  ['a huge file', '# '.padEnd(300_000, 'x'), 1, /too large/],
  ['a list', '- a\n- b', 1, /keys and values/],
  ['a bare word', 'hello', 1, /keys and values/],
]

for (const [what, yaml, line, words] of broken) {
  test(`${what} in the file is refused`, () => {
    const problems = refuse(yaml)
    assert.equal(problems[0].line, line, JSON.stringify(problems.slice(0, 3)))
    assert.match(JSON.stringify(problems), words)
    assert.ok(!JSON.stringify(problems).includes('4242'))
  })
}

test('a file that is not UTF-8 is refused', () => {
  assert.match(refuse(Buffer.from([0x6c, 0x3a, 0xff, 0xfe]))[0].message, /UTF-8/)
})

test('a named file that does not exist is a problem, the usual one may be absent', () => {
  const result = loadConfig({ env, flags: { config: 'nope.yaml' }, workingFolder: empty })
  assert.ok(result.kind === 'problems')
  assert.match(result.problems[0]!.message, /does not exist/)
  assert.equal(loadConfig({ env, workingFolder: empty }).kind, 'config')
})

test('custody.yaml of the working folder is read, CUSTODY_CONFIG before it, --config before that', () => {
  const home = join(folder, 'home')
  mkdirSync(home)
  for (const [name, port] of [
    ['custody', 1],
    ['env', 2],
    ['flag', 3],
  ] as const) {
    writeFileSync(join(home, `${name}.yaml`), `listen: 127.0.0.1:${port}\n`)
  }
  const portOf = (more: Partial<LoadOptions>): number => {
    const result = loadConfig({ env, workingFolder: home, ...more })
    return result.kind === 'config' ? result.config.listen.port : -1
  }
  const named = { ...env, CUSTODY_CONFIG: 'env.yaml' }
  assert.equal(portOf({}), 1)
  assert.equal(portOf({ env: named }), 2)
  assert.equal(portOf({ env: named, flags: { config: 'flag.yaml' } }), 3)
})

test('relative folders start at the file when written there, at the working folder otherwise', () => {
  assert.equal(load('storage: { folder: data }').config.storage.folder, join(folder, 'data'))
  const flagged = load('storage: { folder: data }', { flags: { data: 'other' } })
  assert.equal(flagged.config.storage.folder, join(empty, 'other'))
})

test('a data folder that is a file is refused', () => {
  const file = written('x')
  const problems = refuse('log: {}', { flags: { data: file } })
  assert.equal(problems[0].source, '--data')
  assert.match(problems[0].message, /not a folder/)
})

test('listening beyond this machine without TLS, and an open admin port, are warned about', () => {
  const { warnings } = load('listen: "[::]:8080"\nadmin: 0.0.0.0:8081')
  assert.equal(warnings.length, 2)
  assert.match(warnings[0]!, /MUST set tls/)
  assert.match(warnings[1]!, /admin/)
  assert.deepEqual(load('listen: "[::1]:8080"').warnings, [])
})

test('a credential over clear text to another machine is warned about', () => {
  const { warnings } = load(
    'upstreams: { a: { preset: openai, baseUrl: "http://api.example/v1" } }',
  )
  assert.match(warnings[0]!, /clear text/)
})

test('an upstream that is refused is not reported again by the routes to it', () => {
  const problems = refuse(
    'upstreams: { a: { preset: nope } }\nroutes: [{ match: { upstream: a } }]',
  )
  assert.equal(problems.length, 1)
})

test('what is wrong beside a refused key, a key written twice or a refused dialect is told at the same time', () => {
  const problems = refuse(`upstreams:
  a: { dialect: openia, baseUrl: "http://169.254.169.254", credential: plain-text-here }
  b: { dialect: openai, baseUrl: "ftp://x", nosuch: 1 }
routes:
  - { match: { upstream: c }, mode: strict }
  - { match: { upstream: a } }
log: { level: loud }
limits: { inspectBytesMax: 1GiB, bufferedBytesMax: lots }
log: { format: none }
`)
  assert.deepEqual(
    problems.map(({ path, line }) => [path, line]),
    [
      ['upstreams.a.dialect', 2],
      ['upstreams.a.baseUrl', 2],
      ['upstreams.a.credential', 2],
      ['upstreams.b.baseUrl', 3],
      ['upstreams.b.nosuch', 3],
      ['routes.0.match.upstream', 5],
      ['routes.0.mode', 5],
      ['limits.bufferedBytesMax', 8],
      ['', 9],
      ['log.format', 9],
    ],
  )
})

test('a problem of a variable or a flag names it instead of a line', () => {
  const problems = refuse('limits: { idleMs: 1m }', {
    env: {
      ...env,
      CUSTODY_LIMITS__IDLEMS: 'soon',
      CUSTODY_LOG__LEVEL: 'loud',
      CUSTODY_LOG__LVL: 'x',
    },
    flags: { admin: ':80' },
  })
  assert.deepEqual(
    problems
      .toSorted((one, other) => (one.source < other.source ? -1 : 1))
      .map(({ source, path, line }) => [source, path, line]),
    [
      ['--admin', 'admin', null],
      ['env CUSTODY_LIMITS__IDLEMS', 'limits.idleMs', null],
      ['env CUSTODY_LOG__LEVEL', 'log.level', null],
      ['env CUSTODY_LOG__LVL', '', null],
    ],
  )
})

test('TLS files that hold no certificate and key are refused without being quoted', () => {
  writeFileSync(join(folder, 'a.crt'), 'not a certificate 4242')
  writeFileSync(join(folder, 'a.key'), 'not a key 4242')
  const problems = refuse('tls: { certFile: a.crt, keyFile: a.key }')
  assert.equal(problems[0].path, 'tls')
  assert.match(problems[0].message, /cannot be used together/)
  assert.ok(!JSON.stringify(problems).includes('4242'))
})

test('prices are read by model; a price below nothing and a currency of two letters are refused', () => {
  const { config } = load(
    'prices: { models: [{ model: "gpt-*", input: 2, output: 8 }, { model: x, input: 1, cachedInput: 0.5, output: 2 }] }\n',
  )
  assert.equal(config.prices.currency, 'USD')
  assert.deepEqual(
    config.prices.models.map(({ model, cachedInput }) => [model, cachedInput]),
    [
      ['gpt-*', 2],
      ['x', 0.5],
    ],
  )
  assert.deepEqual(load('{}\n').config.prices.models, [])
  for (const yaml of [
    'prices: { models: [{ model: x, input: -1, output: 2 }] }\n',
    'prices: { currency: EU, models: [] }\n',
    'prices: { models: [{ model: x, input: 1 }] }\n',
    'prices: { models: [{ model: x, input: cheap, output: 2 }] }\n',
  ])
    assert.equal(loadConfig({ file: written(yaml), env, workingFolder: empty }).kind, 'problems')
})
