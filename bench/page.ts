/** Writes the benchmark page: the measured rows, and where each budget of the design stands. */
import type { ConversationRow } from './conversation.ts'
import type { CrashRow } from './crash.ts'
import type { SyncLatency } from './disk.ts'
import type { MemoryRow } from './memory.ts'
import type { PartRow } from './parts.ts'
import type { PromptRow } from './prompts.ts'
import type { StreamRow } from './streams.ts'

export interface BenchResults {
  readonly disk: SyncLatency
  readonly prompts: readonly PromptRow[]
  readonly streams: readonly StreamRow[]
  readonly conversation: readonly ConversationRow[]
  readonly memory: MemoryRow
  readonly crash: CrashRow
  readonly parts: readonly PartRow[]
  readonly cpu: string
  readonly cores: number
  readonly scale: number
}

const BODY = '10 KB, 2 KB new'

/** CPU of an exchange of Custody: what the cost of its parts is measured against. */
export function exchangeMicros(prompts: readonly PromptRow[]): number {
  return promptOf({ prompts }, 'Custody', BODY, 16)?.cpuMicros ?? Number.NaN
}

function promptOf(
  results: Pick<BenchResults, 'prompts'>,
  target: string,
  body: string,
  concurrency: number,
): PromptRow | undefined {
  return results.prompts.find(
    (row) => row.target === target && row.body === body && row.concurrency === concurrency,
  )
}

function turnOf(results: BenchResults, target: string, turn: number): ConversationRow | undefined {
  return results.conversation.find((row) => row.target === target && row.turn === turn)
}

interface Budget {
  readonly what: string
  readonly measured: number
  readonly budget: number
  readonly unit: string
  /** True where more is better. */
  readonly atLeast?: boolean
}

function budgets(results: BenchResults): Budget[] {
  const cpu = (target: string, body: string): number =>
    promptOf(results, target, body, 16)?.cpuMicros ?? Number.NaN
  const latency = (target: string, quantile: 'p50Ms' | 'p99Ms'): number =>
    promptOf(results, target, BODY, 1)?.[quantile] ?? Number.NaN
  const stream = (target: string): StreamRow | undefined =>
    results.streams.find((row) => row.target === target && row.events === 50)
  const added = (field: 'firstByteP50Ms' | 'firstByteP99Ms' | 'gapP50Ms' | 'gapP99Ms'): number =>
    (stream('Custody')?.[field] ?? Number.NaN) - (stream('direct')?.[field] ?? Number.NaN)
  const addedCpu = (turn: number): number =>
    (turnOf(results, 'Custody', turn)?.cpuMicros ?? Number.NaN) -
    (turnOf(results, 'bare proxy', turn)?.cpuMicros ?? Number.NaN)
  const stored = (turn: number): number =>
    turnOf(results, 'Custody', turn)?.storedBytes ?? Number.NaN
  return [
    ...['Custody, masking', 'Custody'].flatMap((target) => [
      {
        what: `CPU per exchange of ${target} against the bare proxy, ${BODY}`,
        measured: cpu(target, BODY) / cpu('bare proxy', BODY),
        budget: 2.5,
        unit: 'x',
      },
      {
        what: 'the same, all 10 KB new',
        measured: cpu(target, '10 KB, all new') / cpu('bare proxy', '10 KB, all new'),
        budget: 5,
        unit: 'x',
      },
    ]),
    {
      what: `Portkey's CPU per exchange against Custody's, ${BODY}`,
      measured: cpu('Portkey', BODY) / cpu('Custody', BODY),
      budget: 5,
      unit: 'x',
      atLeast: true,
    },
    {
      what: 'added time to first byte, 100 streams, p50',
      measured: added('firstByteP50Ms'),
      budget: 1,
      unit: 'ms',
    },
    {
      what: 'added time to first byte, 100 streams, p99',
      measured: added('firstByteP99Ms'),
      budget: 5,
      unit: 'ms',
    },
    {
      what: 'added worst gap between events, p50',
      measured: added('gapP50Ms'),
      budget: 1,
      unit: 'ms',
    },
    {
      what: 'added worst gap between events, p99',
      measured: added('gapP99Ms'),
      budget: 5,
      unit: 'ms',
    },
    {
      what: 'added latency, whole answer, one caller, p50, in fdatasyncs',
      measured: (latency('Custody', 'p50Ms') - latency('bare proxy', 'p50Ms')) / results.disk.p50Ms,
      budget: 2,
      unit: 'x',
    },
    {
      what: 'added latency, whole answer, one caller, p99',
      measured: latency('Custody', 'p99Ms') - latency('bare proxy', 'p99Ms'),
      budget: 10,
      unit: 'ms',
    },
    {
      what: 'CPU that turn 100 adds against what turn 1 adds',
      measured: addedCpu(100) / addedCpu(1),
      budget: 4,
      unit: 'x',
    },
    {
      what: 'bytes that turn 100 stores against turn 1',
      measured: stored(100) / stored(1),
      budget: 1.3,
      unit: 'x',
    },
    {
      what: 'memory after the third burst against after the first',
      measured: results.memory.afterThirdMib / results.memory.afterFirstMib,
      budget: 1.1,
      unit: 'x',
    },
    {
      what: `finished exchanges missing after kill -9 (${results.crash.rounds} rounds, ${results.crash.delivered} delivered)`,
      measured: results.crash.missing,
      budget: 0,
      unit: '',
    },
    ...results.parts,
  ]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [
    `| ${head.join(' | ')} |`,
    `|${head.map(() => '---').join('|')}|`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n')
}

export function page(results: BenchResults): string {
  const judged = budgets(results).map(({ what, measured, budget, unit, atLeast }) => {
    const met = atLeast === true ? measured >= budget : measured <= budget
    return [
      what,
      `${measured.toFixed(unit === '' ? 0 : 2)} ${unit}`,
      `${atLeast === true ? 'at least' : 'at most'} ${budget} ${unit}`,
      met ? 'met' : '**not met**',
    ]
  })
  const prompts = results.prompts.map((row) => [
    row.body,
    String(row.concurrency),
    row.target,
    row.perSecond.toFixed(0),
    // The direct path has no process in between; its CPU would be the upstream's.
    row.target === 'direct' ? '' : row.cpuMicros.toFixed(0),
    row.p50Ms.toFixed(2),
    row.p99Ms.toFixed(2),
    row.target === 'direct' ? '' : row.rssMib.toFixed(0),
    String(row.failed),
  ])
  const streams = results.streams.map((row) =>
    row.failed > 0
      ? [String(row.events), row.target, 'fails', '', '', '', '', String(row.failed)]
      : [
          String(row.events),
          row.target,
          row.firstByteP50Ms.toFixed(2),
          row.firstByteP99Ms.toFixed(2),
          row.gapP50Ms.toFixed(1),
          row.gapP99Ms.toFixed(1),
          row.target === 'direct' ? '' : row.cpuMicrosPerEvent.toFixed(1),
          String(row.failed),
        ],
  )
  const conversation = results.conversation.map((row) => [
    row.target,
    String(row.turn),
    row.bodyKb.toFixed(0),
    row.cpuMicros.toFixed(0),
    row.storedBytes === 0 ? '' : row.storedBytes.toFixed(0),
    row.storedBytes === 0 ? '' : (row.storedBytes / (row.bodyKb * 1024)).toFixed(3),
  ])
  return `# Benchmarks

Generated by \`npm run bench\`: one run, one machine (${results.cores} cores, ${results.cpu}), load, targets and upstream sharing it. Read the ratios, not the absolute
figures. Custody records durably in strict mode; *masking* also masks both ways and decides by the starter policy (\`bench/custody.yaml\`), and each
new message of a prompt holds an address and a card number. The bare proxy (node:http and undici) and Portkey record nothing. CPU is user and system time
of all threads of the process. fdatasync of 8 KiB here: p50 ${results.disk.p50Ms.toFixed(3)} ms, p99 ${results.disk.p99Ms.toFixed(3)} ms.${results.scale === 1 ? '' : ' Quick run: a tenth of the load.'}

## Where the budgets stand

${table(['what', 'measured', 'budget', ''], judged)}

## Whole answers

${table(['body', 'callers', 'target', 'exchanges/s', 'CPU us', 'p50 ms', 'p99 ms', 'RSS MiB', 'failed'], prompts)}

## Streams, 100 callers, one event every 20 ms

${table(['events', 'target', 'first byte p50 ms', 'p99 ms', 'worst gap p50 ms', 'p99 ms', 'CPU us per event', 'failed'], streams)}

## A growing conversation

${table(['target', 'turn', 'body KB', 'CPU us', 'stored bytes', 'stored per raw byte'], conversation)}

## Memory

Idle ${results.memory.idleMib.toFixed(0)} MiB; three seconds after each of three bursts of 120 KB bodies on 200 connections: ${results.memory.afterFirstMib.toFixed(0)} MiB after the first, ${results.memory.afterThirdMib.toFixed(0)} MiB after the third.
`
}
