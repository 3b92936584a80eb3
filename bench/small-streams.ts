/** What small streams feel while prompts of a megabyte of new text arrive: masking looks into those in threads. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freshBody, promptBody } from './bodies.ts'
import { load, quantile } from './load.ts'
import { startCustody, startUpstream } from './processes.ts'

export interface SmallStreams {
  readonly aloneP99Ms: number
  readonly besideP99Ms: number
  readonly prompts: number
}

const MEGABYTE = 1_000_000
const STREAMS = 10
const COUNT = 60
const PROMPTS = 20

/** Worst gap between two events of a stream, at the 99th percentile, alone and beside long prompts. */
export async function smallStreams(): Promise<SmallStreams> {
  await using upstream = await startUpstream()
  const folder = await mkdtemp(join(tmpdir(), 'custody-bench-masking-'))
  try {
    const config = join(folder, 'custody.yaml')
    await writeFile(config, 'masking: { packs: [strict] }\n')
    await using custody = await startCustody(upstream, { config })
    const streams = (): ReturnType<typeof load> =>
      load(custody, {
        concurrency: STREAMS,
        count: COUNT,
        bodyOf: (at) => promptBody(2048, 1024, 70_000 + at, true),
        headers: { 'x-sandbox-script': JSON.stringify({ events: 50, intervalMs: 20 }) },
        staggerMs: 17,
      })
    // The threads compile their rules with the first long prompt.
    await load(custody, {
      concurrency: 1,
      count: 2,
      bodyOf: (at) => freshBody(MEGABYTE, 80_000 + at, false),
    })
    const alone = await streams()
    const long = load(custody, {
      concurrency: 1,
      count: PROMPTS,
      bodyOf: (at) => freshBody(MEGABYTE, 90_000 + at, false),
    })
    const beside = await streams()
    await long
    return {
      aloneP99Ms: quantile(alone.gaps, 0.99),
      besideP99Ms: quantile(beside.gaps, 0.99),
      prompts: PROMPTS,
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
