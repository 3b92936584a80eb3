/** The code's own conscience: reads the source and fails, with what to do instead, on what the house does not want. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'

/** DESIGN.md section 3 as data. A room imports only what its row names, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  model: ['lib'],
  telemetry: ['model', 'lib'],
  // Rules are compiled where configuration is checked, so that all problems come at once (decision 0006).
  config: ['detect', 'policy', 'model', 'lib'],
  dialects: ['model', 'lib'],
  detect: ['model', 'lib'],
  // Findings first: rules reason over what detection reports (decision 0019).
  policy: ['detect', 'model', 'lib'],
  store: ['config', 'telemetry', 'model', 'lib'],
  identity: ['config', 'telemetry', 'model', 'lib'],
  evidence: ['store', 'telemetry', 'model', 'lib'],
  incident: ['evidence', 'store', 'identity', 'policy', 'telemetry', 'model', 'lib'],
  approvals: ['evidence', 'store', 'identity', 'policy', 'telemetry', 'model', 'lib'],
  gateway: ['policy', 'detect', 'dialects', 'telemetry', 'model', 'lib'],
  api: [
    'incident',
    'approvals',
    'evidence',
    'identity',
    'policy',
    'config',
    'telemetry',
    'model',
    'lib',
  ],
  // Stands in for the providers, so it shares no reading code with the gateway: only the binary frame encoder.
  sandbox: ['dialects', 'model', 'lib'],
}
/** Entry, composition root and commands see everything. */
const TOP = new Set(['main.ts', 'app', 'cli'])

/** Packages that only one room may touch. */
const ONLY_IN: Readonly<Record<string, readonly string[]>> = {
  kysely: ['store'],
  pg: ['store'],
  'node:sqlite': ['store'],
  undici: ['gateway'],
  hono: ['api'],
  commander: ['cli'],
  pino: ['telemetry'],
  yaml: ['config'],
  'openid-client': ['identity'],
  '@node-saml/node-saml': ['identity'],
  '@bufbuild/cel': ['policy'],
  '@modelcontextprotocol/sdk': ['cli'],
}

const PURE = new Set(['dialects', 'detect', 'policy'])

interface Ban {
  readonly pattern: RegExp
  readonly instead: string
  readonly except: RegExp
}

const BANS: readonly Ban[] = [
  { pattern: /\bconsole\.\w+\(/, instead: 'use the logger, or cli/output', except: /^src\/cli\// },
  {
    pattern: /\bprocess\.env\b/,
    instead: 'read configuration in config/ and pass it down',
    except: /^src\/(config|main|cli)\b/,
  },
  {
    pattern: /\bDate\.now\(|\bnew Date\(\)/,
    instead: 'take a Clock',
    except: /^src\/(lib\/clock\.ts|cli\/|main\.ts)/,
  },
  { pattern: /\bMath\.random\(|\brandomUUID\(/, instead: 'take ids from lib/ids.ts', except: /^$/ },
  {
    pattern: /\bprocess\.exit\(/,
    instead: 'let the program end, or set process.exitCode in cli/',
    except: /^src\/(cli\/|main\.ts)/,
  },
  { pattern: /\bas any\b|: any\b|<any>/, instead: 'narrow unknown at the border', except: /^$/ },
  { pattern: /@ts-(?:ignore|nocheck|expect-error)/, instead: 'fix the type', except: /^$/ },
  { pattern: /\b(?:test|it|describe)\.only\(/, instead: 'run one file instead', except: /^$/ },
  {
    pattern: /^\/\/ =====|^\/\/ -----/m,
    instead: 'split the file instead of drawing banners',
    except: /^$/,
  },
]

const sources = globSync('src/**/*.ts').toSorted()
const read = (file: string): string => (statSync(file).isFile() ? readFileSync(file, 'utf8') : '')
const isTest = (file: string): boolean => file.endsWith('.test.ts')

function roomOf(file: string): string {
  return file.split('/')[1] ?? ''
}

function importsOf(text: string): string[] {
  return [
    ...text.matchAll(
      /^(?:import|export)\b[^'"]*?from\s+['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]/gm,
    ),
  ].map((match) => match[1] ?? match[2] ?? '')
}

function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '')
}

test('rooms import only downward', () => {
  const edges: string[] = []
  for (const file of sources) {
    const room = roomOf(file)
    if (TOP.has(room) || isTest(file)) continue
    const allowed = MAY_IMPORT[room]
    assert.ok(allowed, `${file}: ${room} is not a room; name it in tools/tidy.test.ts and DESIGN`)
    for (const specifier of importsOf(read(file))) {
      if (!specifier.startsWith('.')) continue
      const target = roomOf(normalize(join(dirname(file), specifier)))
      if (target !== room && !allowed.includes(target))
        edges.push(`${file} -> ${target}/ (${room} may import: ${allowed.join(', ')})`)
    }
  }
  assert.deepEqual(edges, [])
})

test('a package is imported only by the room that owns it', () => {
  const edges: string[] = []
  for (const file of sources) {
    if (isTest(file)) continue
    for (const specifier of importsOf(read(file))) {
      const owners = ONLY_IN[packageOf(specifier)]
      if (owners !== undefined && !owners.includes(roomOf(file)))
        edges.push(`${file} imports ${specifier}; only ${owners.join(', ')} may`)
    }
  }
  assert.deepEqual(edges, [])
})

test('pure rooms have no I/O, no clock and no await', () => {
  const faults: string[] = []
  for (const file of sources) {
    if (!PURE.has(roomOf(file)) || isTest(file)) continue
    const text = read(file)
    for (const specifier of importsOf(text)) {
      if (
        /^node:(?:fs|net|http|https|http2|tls|dns|child_process|timers|worker_threads)/.test(
          specifier,
        )
      )
        faults.push(`${file} imports ${specifier}`)
    }
    if (/\bawait\b|\bsetTimeout\(|\bperformance\.now\(/.test(text))
      faults.push(`${file} awaits or reads a clock`)
  }
  assert.deepEqual(faults, [])
})

test('banned calls do not occur', () => {
  const faults: string[] = []
  for (const file of sources) {
    if (isTest(file)) continue
    const text = read(file)
    for (const { pattern, instead, except } of BANS) {
      if (pattern.test(text) && !except.test(file))
        faults.push(`${file}: ${String(pattern)}; ${instead}`)
    }
  }
  assert.deepEqual(faults, [])
})

test('every source file opens with one sentence that says what it does', () => {
  const faults = sources.filter(
    (file) =>
      !isTest(file) && !/^\/\*\*[\s\S]{20,}?\*\//.test(read(file)) && !read(file).startsWith('#!'),
  )
  assert.deepEqual(faults, [])
})

test('every source file is imported by another or is an entry', () => {
  const imported = new Set<string>()
  for (const file of [...sources, ...globSync(['test/**/*.ts', 'tools/*.ts', 'bench/*.ts'])]) {
    if (isTest(file)) continue
    const text = read(file)
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith('.')) imported.add(normalize(join(dirname(file), specifier)))
    }
    for (const match of text.matchAll(/(?:import\(|new URL\()\s*['"](\.[^'"]+)['"]/g))
      imported.add(normalize(join(dirname(file), match[1] ?? '')))
    // Scripts of threads are started by their name (`lib/thread-script.ts`).
    for (const [, name = ''] of text.matchAll(/'([\w-]+-thread)'/g))
      imported.add(join(dirname(file), `${name}.ts`))
  }
  const entries = new Set(['src/main.ts', 'src/sandbox/main.ts'])
  const orphans = sources.filter(
    (file) => !isTest(file) && !imported.has(file) && !entries.has(file),
  )
  assert.deepEqual(orphans, [])
})

test('every exported function and constant is used by another file', () => {
  const files = globSync(['{src,test,tools,bench}/**/*.ts', 'web/src/**/*.{ts,tsx}']).filter(
    (file) => !file.includes('node_modules'),
  )
  const texts = new Map(files.map((file) => [file, read(file)]))
  const usedIn = new Map<string, number>()
  for (const text of texts.values())
    for (const word of new Set(text.match(/[A-Za-z_$][\w$]*/g)))
      usedIn.set(word, (usedIn.get(word) ?? 0) + 1)
  const faults: string[] = []
  // The sample of an answer in hold-report.ts has code in it.
  texts.delete('src/config/hold-report.ts')
  for (const [file, text] of texts)
    for (const [, name = ''] of text.matchAll(
      /^export (?:async )?(?:function\*?|const|let|class) (\w+)/gm,
    ))
      if (usedIn.get(name) === 1) faults.push(`${file}: ${name}; drop the word export, or the code`)
  assert.deepEqual(faults, [])
})

test('files stay within their size', () => {
  const faults: string[] = []
  for (const file of sources) {
    const lines = read(file).split('\n').length
    const limit = isTest(file) ? 800 : 400
    if (lines > limit)
      faults.push(`${file}: ${lines} lines, the limit is ${limit}; split it by what it decides`)
  }
  assert.deepEqual(faults, [])
})

test('docs/design/dependencies.md has a line for each direct dependency, and for no other', () => {
  const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>
  const page = read('docs/design/dependencies.md')
  const named = [...page.matchAll(/^\| (`.+?`) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  )
  const direct = [
    ...Object.keys(manifest['dependencies'] ?? {}),
    ...Object.keys(manifest['devDependencies'] ?? {}),
  ]
  assert.deepEqual(named.toSorted(), direct.toSorted())
})

test('dependencies are pinned exactly', () => {
  const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>
  const loose = Object.entries({
    ...manifest['dependencies'],
    ...manifest['devDependencies'],
  }).filter(([, version]) => !/^(?:npm:.+@)?\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
  assert.deepEqual(loose, [])
})

const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...globSync('docs/**/*.md')]

/** As forges make them of headings. */
function anchorsOf(page: string): Set<string> {
  const headings = [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title.trim())
  return new Set(
    headings.map((title) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

test('links between documents lead somewhere, and to a heading where they name one', () => {
  const broken: string[] = []
  for (const page of pages) {
    for (const [, path = '', anchor] of read(page).matchAll(
      /\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g,
    )) {
      const target = path === '' ? page : join(dirname(page), path)
      if (!existsSync(target)) broken.push(`${page} -> ${path}`)
      else if (anchor !== undefined && !anchorsOf(target).has(anchor))
        broken.push(`${page} -> ${path}#${anchor}`)
    }
  }
  assert.deepEqual(broken, [])
})

test('the heading of a decision is its number and a title', () => {
  const other = globSync('docs/decisions/0*.md').filter((file) => {
    const number = Number(/(\d{4})-/.exec(file)?.[1])
    return !read(file).startsWith(`# ${number}. `)
  })
  assert.deepEqual(other, [])
})

test('every file and folder of the repository that a document names exists', () => {
  const missing: string[] = []
  for (const page of pages) {
    for (const [, path = ''] of read(page).matchAll(
      /`((?:src|web|test|tools|bench|docs|bin|detectors|policies)\/[^`\s]*)`/g,
    ))
      if (!existsSync(path) && globSync(path).length === 0) missing.push(`${page}: ${path}`)
  }
  assert.deepEqual(missing, [])
})

test('no machine path and no registry host is written down', () => {
  const faults: string[] = []
  for (const file of globSync([
    'src/**/*.ts',
    'test/**/*.ts',
    'tools/**',
    'docs/**/*.md',
    '*.md',
    'bench/*.ts',
  ])) {
    if (file.endsWith('tidy.test.ts')) continue
    if (/(?:^|[\s'"`(])\/(?:work|root|home)\/|registry\.npmjs/m.test(read(file))) faults.push(file)
  }
  assert.deepEqual(faults, [])
})
