/** Fills an index with a million exchanges and asks the API of a running gateway about them; prints p50, p95 and the worst stall. `--page` writes `docs/reference/search-speed.md`. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { startApp } from '../src/app/app.ts'
import { loadConfig } from '../src/config/load.ts'
import type { ExchangeId, InstanceId } from '../src/lib/ids.ts'
import { exchangeIdFloor, newInstanceId, newKeyId } from '../src/lib/ids.ts'
import type { FindingRow } from '../src/model/masking.ts'
import type { ExchangeRow } from '../src/model/record.ts'
import { openStore } from '../src/store/store.ts'

const numbers = process.argv.slice(2).filter((word) => /^\d+$/.test(word))
const ROWS = Number(numbers[0] ?? 1_000_000)
const RUNS = Number(numbers[1] ?? 40)
const load1 = (loadavg()[0] ?? 0).toFixed(1)
const BATCH = 5_000
const DAYS_MS = 30 * 24 * 60 * 60 * 1000
const LIMIT_MS = 300

/** Deterministic: the same rows every time. */
let seed = 42
function random(): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed / 2 ** 32
}
/** Few are frequent, many are rare, as in life. */
function skewed(count: number): number {
  return Math.floor(count * random() ** 3)
}
const oneOf = <Item>(items: readonly Item[]): Item => items[skewed(items.length)] ?? items[0]!

const nowMs = Date.now()
const startMs = nowMs - DAYS_MS
const INSTANCE: InstanceId = newInstanceId(startMs)
const KEYS = Array.from({ length: 400 }, () => newKeyId(startMs))
const MODELS = Array.from(
  { length: 40 },
  (_, n) => `${['gpt-5', 'claude-4', 'gemini-3', 'llama-4'][n % 4]}-${n}`,
)
const UPSTREAMS = ['openai', 'anthropic', 'gemini', 'bedrock', 'ollama', 'azure']

const TOOLS = Array.from({ length: 60 }, (_, n) => `tool_${n}`)
const VALUES = 20_000
const value = (): string => fingerprintOf(skewed(VALUES)).slice(0, 16)
const fingerprintOf = (n: number): string => createHash('sha256').update(`value ${n}`).digest('hex')
/** The whole of a fingerprint by its first digits. */
const WHOLE = new Map(
  Array.from({ length: VALUES }, (_, n) => [fingerprintOf(n).slice(0, 16), fingerprintOf(n)]),
)

function findingsOf({ id, fingerprints }: ExchangeRow): FindingRow[] {
  return fingerprints.map((digits) => ({
    exchange: id,
    direction: 'request',
    entity: 'API_KEY',
    rule: 'api-key',
    score: 0.9,
    fingerprint: WHOLE.get(digits) ?? digits,
    operator: 'replace',
    count: 1,
  }))
}

function row(n: number): ExchangeRow {
  const receivedAtMs = Math.floor(startMs + (n / ROWS) * (DAYS_MS - 1000))
  const key = skewed(KEYS.length)
  const isFine = random() > 0.06
  const isRefused = !isFine && random() > 0.7
  const upstream = oneOf(UPSTREAMS)
  // One exchange in eight holds something; few values are everywhere, most are rare.
  const found = random() > 0.125 ? [] : [...new Set([value(), value()])].sort()
  const status = isFine ? 200 : oneOf([429, 500, 503, 400, 502])
  return {
    id: (exchangeIdFloor(receivedAtMs) +
      n
        .toString(36)
        .replaceAll(/[ilou]/g, '0')
        .padStart(16, '0')) as ExchangeId,
    state: isFine ? 'complete' : isRefused ? 'refused' : oneOf(['complete', 'interrupted']),
    outcome: isFine ? 'answered' : isRefused ? 'refused' : 'upstream-failed',
    receivedAtMs,
    endedAtMs: receivedAtMs + 900,
    principal: `person-${key % 250}@example.com`,
    principalKind: 'person',
    keyId: KEYS[key] ?? null,
    service: `service-${key % 60}`,
    declaredService: '',
    remoteAddress: '10.0.0.1',
    userAgent: 'OpenAI/JS 7.57.0',
    upstream,
    dialect: 'openai',
    surface: oneOf([
      'openai.chat-completions',
      'anthropic.messages',
      'openai.responses',
      'gemini.generate',
    ]),
    route: 'default',
    mode: 'strict',
    retentionClass: 'default',
    method: 'POST',
    path: '/openai/v1/chat/completions',
    model: oneOf(MODELS),
    stream: random() > 0.3,
    status,
    errorCode: isFine ? null : oneOf(['upstream.reset', 'upstream.timeout', 'limit.body']),
    finishReason: isFine ? 'stop' : null,
    inputTokens: Math.floor(random() * 20_000),
    outputTokens: Math.floor(random() * 2_000),
    requestBytes: Math.floor(random() * 100_000),
    answerBytes: Math.floor(random() * 20_000),
    storedBytes: 2_000,
    firstByteMs: 300 * random(),
    durationMs: 20_000 * random() ** 4,
    conversation: random() > 0.5 ? `cv_${String(Math.floor(n / 40)).padStart(26, '0')}` : null,
    conversationBy: null,
    responseId: `resp_${n}`,
    previousResponse: null,
    tools: random() > 0.7 ? [oneOf(TOOLS), 'read_file'] : [],
    findingsIn: found.length === 0 ? [] : ['request'],
    entities: found.length === 0 ? [] : ['API_KEY'],
    rules: found.length === 0 ? [] : ['api-key'],
    fingerprints: found,
    verdict: null,
    policyHash: null,
    decidingRule: null,
    policyRules: [],
    tags: [],
    contextEnd: null,
    contextParent: null,
    contextAnswer: null,
    answerDigest: null,
    instance: INSTANCE,
    openSegment: 1,
    openOffset: n,
    closeSegment: 1,
    closeOffset: n,
  }
}

async function fill(folder: string): Promise<void> {
  await using store = await openStore({ kind: 'sqlite', folder })
  const began = performance.now()
  for (let first = 0; first < ROWS; first += BATCH) {
    const exchanges = Array.from({ length: Math.min(BATCH, ROWS - first) }, (_, n) =>
      row(first + n),
    )
    await store.index.apply({
      exchanges,
      blocks: [],
      findings: exchanges.flatMap(findingsOf),
      events: [],
      position: { instance: INSTANCE, segment: 1, offset: first },
    })
  }
  console.log(`filled ${ROWS} rows in ${((performance.now() - began) / 1000).toFixed(1)} s`)
}

const dayMs = 24 * 60 * 60 * 1000
const QUESTIONS: readonly (readonly [name: string, path: (run: number) => string])[] = [
  ['list, newest', () => '/exchanges?limit=50'],
  ['list, one principal', (run) => `/exchanges?limit=50&principal=person-${run}@example.com`],
  [
    'list, rare pair',
    (run) => `/exchanges?limit=50&model=llama-4-39&principal=person-${200 + run}@example.com`,
  ],
  ['list, nothing matches', (run) => `/exchanges?limit=50&model=gpt-5-0&service=none-${run}`],
  ['list, 5xx of a week', () => `/exchanges?limit=50&status=5xx&sinceMs=${nowMs - 7 * dayMs}`],
  ['list, slow ones', () => '/exchanges?limit=50&minDurationMs=19900'],
  ['facets, everything', () => '/exchanges/facets'],
  [
    'facets, three filters',
    (run) => `/exchanges/facets?state=complete&upstream=openai&service=service-${run}`,
  ],
  [
    'facets, one day',
    (run) =>
      `/exchanges/facets?sinceMs=${nowMs - (run + 1) * dayMs}&untilMs=${nowMs - run * dayMs}`,
  ],
  ['histogram, 30 days', () => `/exchanges/histogram?fromMs=${startMs}&toMs=${nowMs}&buckets=120`],
  [
    'histogram, 5xx',
    () => `/exchanges/histogram?fromMs=${startMs}&toMs=${nowMs}&buckets=120&status=5xx`,
  ],
  ['conversations', () => '/conversations?limit=50'],
  [
    'query, or and not',
    (run) =>
      `/exchanges?limit=50&q=${encodeURIComponent(`(model:gpt-5* or service:service-${run}) -status:2xx duration:>10s`)}`,
  ],
  [
    'facets of such a query',
    (run) =>
      `/exchanges/facets?q=${encodeURIComponent(`(model:gpt-5* or service:service-${run}) tokens-in:>10000`)}`,
  ],
  ['findings, everything', () => '/findings?limit=100'],
  ['findings, one service', (run) => `/findings?limit=100&service=service-${run}`],
  ['findings, one week', () => `/findings?limit=100&sinceMs=${nowMs - 7 * dayMs}`],
  ['entity, principal', (run) => `/entities?kind=principal&value=person-${run}@example.com`],
  ['entity, key', (run) => `/entities?kind=key&value=${KEYS[run] ?? ''}`],
  ['entity, service', (run) => `/entities?kind=service&value=service-${run}`],
  ['entity, model', (run) => `/entities?kind=model&value=${MODELS[run] ?? ''}`],
  ['entity, tool', (run) => `/entities?kind=tool&value=tool_${run}`],
  ['entity, found value', (run) => `/entities?kind=finding&value=${fingerprintOf(run)}`],
  ['upstreams', () => '/upstreams'],
]

interface Figures {
  readonly name: string
  readonly p50: number
  readonly p95: number
}

function writePage(figures: readonly Figures[], stallMs: number, memoryMib: number): void {
  const { model = 'an unknown processor' } = cpus()[0] ?? {}
  const rows = figures.map(
    ({ name, p50, p95 }) => `| ${name} | ${p50.toFixed(1)} | ${p95.toFixed(1)} |`,
  )
  writeFileSync(
    join(import.meta.dirname, '..', 'docs', 'reference', 'search-speed.md'),
    `# Search over a million exchanges: figures

Written by \`node bench/api-million.ts --page\` on ${cpus().length} cores of ${model}, with a load of ${load1} on the machine from other work when it began. A running
gateway on SQLite with ${ROWS.toLocaleString('en')} exchanges of 30 days in its index is asked over its API, ${RUNS} times each, one after another; times are those of the whole call, in
milliseconds. Where the load is above the number of cores, times are upper bounds: most of them is waiting for a core. The bar is a p95 of ${LIMIT_MS} ms.

| asked | p50 | p95 |
|---|---|---|
${rows.join('\n')}

Longest stall of the event loop meanwhile: ${stallMs.toFixed(1)} ms. Resident memory with the columns loaded: ${memoryMib.toFixed(0)} MiB.
`,
  )
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'custody-million-'))
  try {
    const data = join(folder, 'data')
    await fill(data)
    const loaded = loadConfig({
      env: { CUSTODY_LOG__LEVEL: 'silent' },
      flags: { data, listen: '127.0.0.1:0', admin: '127.0.0.1:0' },
    })
    if (loaded.kind === 'problems') throw new Error('the configuration was refused')
    await using app = await startApp(loaded.config)
    const api = `${app.adminUrl}/api/v1`
    const headers = { 'x-custody-csrf': '1', 'content-type': 'application/json' }
    const login = await fetch(`${api}/login/link`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ token: new URL(app.loginUrl ?? '').hash.replace('#token=', '') }),
    })
    const cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const ask = async (path: string): Promise<number> => {
      const began = performance.now()
      const answer = await fetch(api + path, { headers: { ...headers, cookie } })
      await answer.arrayBuffer()
      if (answer.status === 429) {
        await new Promise((resolve) => setTimeout(resolve, 1000))
        return ask(path)
      }
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`)
      return performance.now() - began
    }
    console.log(
      `first facets (columns are loaded): ${(await ask('/exchanges/facets')).toFixed(0)} ms`,
    )
    const stall = monitorEventLoopDelay({ resolution: 1 })
    stall.enable()
    const figures: Figures[] = []
    for (const [name, path] of QUESTIONS) {
      const times: number[] = []
      for (let run = 0; run < RUNS; run += 1) times.push(await ask(path(run % 30)))
      times.sort((a, b) => a - b)
      const at = (share: number): number =>
        times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
      figures.push({ name, p50: at(0.5), p95: at(0.95) })
      console.log(
        `${name.padEnd(24)} p50 ${at(0.5).toFixed(1).padStart(7)} ms   p95 ${at(0.95).toFixed(1).padStart(7)} ms`,
      )
    }
    stall.disable()
    console.log(`longest stall of the event loop: ${(stall.max / 1e6).toFixed(1)} ms`)
    const memoryMib = process.memoryUsage.rss() / 2 ** 20
    console.log(`resident memory: ${memoryMib.toFixed(0)} MiB`)
    if (process.argv.includes('--page')) writePage(figures, stall.max / 1e6, memoryMib)
    if (figures.some(({ p95 }) => p95 > LIMIT_MS)) process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

await main()
