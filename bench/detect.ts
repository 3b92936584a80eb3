/** Measures masking; `--page` writes docs/reference/masking-speed.md. Start with `--expose-gc`. Measured: start-up, cost per streamed token, delay, speed on prompts, hostile texts, memory. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { smallStreams } from './small-streams.ts'
import { matcherOptions, shippedPacks, shippedRuleset } from '../test/harness/detectors.ts'
import { loadRules } from '../src/detect/load-rules.ts'
import { createMatcher, scanText } from '../src/detect/matcher.ts'
import { buildRuleset } from '../src/detect/ruleset.ts'
import type { Ruleset } from '../src/detect/ruleset.ts'
import { inspectRequest } from '../src/gateway/masking/inspect-request.ts'
import { createInspectionPool } from '../src/gateway/masking/inspection-pool.ts'
import { scanJson } from '../src/lib/json/scan.ts'
import { answerTools, maskingPlan } from '../test/harness/masked-answer.ts'

const DOCS = new URL('../docs/', import.meta.url)
const SOURCES = new URL('../src/', import.meta.url)
const TEXT_UNITS = 1_000_000

/** Our own docs and code, with a made-up secret every few kilobytes. */
function sampleText(): string {
  const files = [DOCS, SOURCES].flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(
        (entry) =>
          entry.isFile() && /\.(?:md|ts)$/.test(entry.name) && !entry.name.endsWith('.test.ts'),
      )
      .map((entry) => readFileSync(`${entry.parentPath}/${entry.name}`, 'utf8')),
  )
  const secrets = [
    'jane.doe@example.com',
    '4111 1111 1111 1111',
    'DE89 3704 0044 0532 0130 00',
    '536-22-1234',
  ]
  const all = files.join('\n').repeat(20).slice(0, TEXT_UNITS)
  return all.replaceAll(
    /(?:[^\n]*\n){100}/g,
    (lines) => `${lines}contact ${secrets[lines.length % 4]} now\n`,
  )
}

/** Pieces of about the size of a model's tokens. */
function tokensOf(text: string): readonly string[] {
  return text.match(/ ?[A-Za-z]{1,6}|[^A-Za-z]{1,4}/g) ?? []
}

const rows: (readonly [name: string, value: string, aim: string])[] = []

function row(name: string, value: string, aim = ''): void {
  rows.push([name, value, aim])
  console.log(`${name.padEnd(44)}${value}`)
}

function fresh(ruleset: Ruleset): Ruleset {
  const built = buildRuleset(ruleset.rules)
  if (built.kind === 'problems') throw new Error('the rules do not build')
  return built.ruleset
}

function megabytesPerSecond(ruleset: Ruleset, text: string, encoded = false): number {
  const start = performance.now()
  scanText(ruleset, text, matcherOptions({ encoded }))
  return text.length / 1000 / (performance.now() - start)
}

function streamed(
  name: string,
  ruleset: Ruleset,
  tokens: readonly string[],
  encoded: boolean,
): void {
  const matcher = createMatcher(ruleset, matcherOptions({ encoded }))
  const micros = new Float64Array(tokens.length)
  const ends: number[] = []
  let pushed = 0
  let held = 0
  let waiting = 0
  let delay = 0
  tokens.forEach((token, i) => {
    const start = performance.now()
    const step = matcher.push(token)
    micros[i] = (performance.now() - start) * 1000
    pushed += token.length
    ends.push(pushed)
    held += pushed - step.settled
    for (; (ends[waiting] ?? Infinity) <= step.settled; waiting += 1) delay += i - waiting
  })
  const mean = micros.reduce((a, b) => a + b, 0) / micros.length
  const sorted = micros.toSorted()
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1)
  row(
    `${name}: µs per token`,
    `mean ${mean.toFixed(2)}  p50 ${at(0.5)}  p99 ${at(0.99)}  p99.9 ${at(0.999)}`,
    'mean 2, p99.9 25',
  )
  row(
    `${name}: held characters, delay in tokens`,
    `${(held / tokens.length).toFixed(2)}  ${(delay / waiting).toFixed(2)}`,
    encoded ? '' : name === 'strict' ? 'delay 2' : 'delay 0.5',
  )
}

const heapBefore = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
const startedAt = performance.now()
const packs = shippedPacks()
const parsedAt = performance.now()
loadRules(packs, { packs: ['strict'], without: [] })
row(
  'start-up, all packs',
  `YAML ${(parsedAt - startedAt).toFixed(0)} ms, rules and examples ${(performance.now() - parsedAt).toFixed(0)} ms`,
)

const text = sampleText()
const tokens = tokensOf(text)
for (const pack of ['credentials', 'strict']) {
  const ruleset = fresh(shippedRuleset(pack))
  row(
    `${pack}: rules, automaton instructions`,
    `${ruleset.rules.length}  ${ruleset.automaton.instructions}`,
  )
  row(`${pack}: prompt cold`, `${megabytesPerSecond(ruleset, text).toFixed(1)} MB/s`)
  row(`${pack}: prompt warm`, `${megabytesPerSecond(ruleset, text).toFixed(1)} MB/s`)
  streamed(pack, ruleset, tokens, false)
  streamed(`${pack} and encoded runs`, ruleset, tokens, true)
  const { states, tableBytes } = ruleset.automaton
  row(
    `${pack}: automaton, states and memory`,
    `${states}  ${(tableBytes / 1e6).toFixed(1)} MB`,
    'at most 16 MB',
  )
}
globalThis.gc?.()
const memory = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers - heapBefore
row('memory of both rulesets and all texts', `${(memory / 1e6).toFixed(0)} MB`)

const hostile: Readonly<Record<string, string>> = {
  base64: 'aGVsbG8gd29ybGQsIHRoaXMgaXMgYSB0ZXN0IG9mIGxpbmVhciBjb3N0',
  hex: 'deadbeef0123456789abcdef',
  'a@a@': 'a@',
  'digit grids': '4111 1111 1111 1112 ',
  'minified code': 'function a(b){return b.c("d",e=>f[g]*2)};var h={i:"j",k:[1,2,3]};',
  uuids: '3fa85f64-5717-4562-b3fc-2c963f66afa6 ',
  'password names': 'password=',
}
const strict = fresh(shippedRuleset('strict'))
for (const [name, unit] of Object.entries(hostile)) {
  const rate = (length: number): string =>
    megabytesPerSecond(strict, unit.repeat(Math.ceil(length / unit.length)), true).toFixed(2)
  row(
    `hostile, ${name}: MB/s at 1 KB, 32 KB, 1 MB`,
    `${rate(1000)}  ${rate(32_000)}  ${rate(1_000_000)}`,
  )
}

if (process.argv.includes('--page')) {
  const known = await knownBlocks()
  row('prompt of 1 MB whose blocks are known', `${known.toFixed(0)} MB/s`)
  const { aloneP99Ms, besideP99Ms, prompts } = await smallStreams()
  row(
    `worst gap of small streams, p99: alone, beside ${prompts} prompts of 1 MB`,
    `${aloneP99Ms.toFixed(1)} ms  ${besideP99Ms.toFixed(1)} ms`,
    'at most 5 ms worse',
  )
  writeFileSync(new URL('../docs/reference/masking-speed.md', import.meta.url), pageOf(rows))
}

/** The same body again: what its blocks held is remembered. */
async function knownBlocks(): Promise<number> {
  const text = sampleText()
  const messages = Array.from({ length: 100 }, (_, at) => ({
    role: 'user',
    content: text.slice(at * 10_000, (at + 1) * 10_000),
  }))
  const body = Buffer.from(JSON.stringify({ messages }))
  const scan = scanJson(body, { depthMax: 64, elementsMax: 100_000 })
  if (scan.kind === 'problem') throw new Error('the sample is no JSON')
  const { tape } = scan
  const blocks = tape.children(tape.member(tape.root, 'messages')).map((node) => ({
    start: tape.start(node),
    end: tape.end(node),
    role: 'user' as const,
    marked: false,
  }))
  await using pool = createInspectionPool(1)
  const tools = { ...answerTools(), pool }
  const question = { tape, blocks, plan: maskingPlan({ packs: ['strict'] }), scope: 'bench' }
  await inspectRequest(tools, question)
  const start = performance.now()
  await inspectRequest(tools, question)
  return body.length / 1000 / (performance.now() - start)
}

function pageOf(measured: typeof rows): string {
  const lines = measured.map(([name, value, aim]) => `| ${name} | ${value} | ${aim} |`)
  return `# Speed of masking

Written by \`bench/detect.ts --page\` on a machine with 2 cores that had other work at the time; the text is the documentation and source of Custody with
made-up values in it. A token is about four characters. Delay counts how many tokens later a token leaves than it came; \`credentials\` is the default pack,
\`strict\` all of them.

| what | measured | aim |
|---|---|---|
${lines.join('\n')}

Cold is the first time through a text: states of the automaton are made as they are met. A text unlike all before it, and hostile ones, go at that speed; new
prompt text above 32 KiB is looked into by threads, so that it is nobody else's time.
`
}
