/** The caller of the benchmark: sends prepared bodies at a fixed concurrency and times each answer. */
import { Pool } from 'undici'
import type { Target } from './processes.ts'

export interface LoadResult {
  readonly count: number
  readonly failed: number
  readonly seconds: number
  /** Milliseconds, one entry per exchange, unsorted. */
  readonly latencies: readonly number[]
  readonly firstBytes: readonly number[]
  /** Largest gap between two pieces of one streamed answer. */
  readonly gaps: readonly number[]
}

export interface LoadOptions {
  readonly concurrency: number
  readonly count: number
  readonly bodyOf: (at: number) => Buffer
  readonly headers?: Readonly<Record<string, string>>
  /** Callers begin this many milliseconds after each other; 0 when all begin at once. */
  readonly staggerMs?: number
}

/** What the OpenAI SDK sends with each call: headers are parsed, passed on and recorded by each target. */
const SDK_HEADERS = {
  accept: 'application/json',
  'content-type': 'application/json',
  'user-agent': 'OpenAI/JS 6.9.1',
  'x-stainless-retry-count': '0',
  'x-stainless-lang': 'js',
  'x-stainless-package-version': '6.9.1',
  'x-stainless-os': 'Linux',
  'x-stainless-arch': 'x64',
  'x-stainless-runtime': 'node',
  'x-stainless-runtime-version': 'v24.11.0',
}

export async function load(target: Target, options: LoadOptions): Promise<LoadResult> {
  const url = new URL(target.url)
  const pool = new Pool(url.origin, { connections: options.concurrency, pipelining: 1 })
  const headers = { ...SDK_HEADERS, ...target.headers, ...options.headers }
  const latencies: number[] = []
  const firstBytes: number[] = []
  const gaps: number[] = []
  let failed = 0
  let next = 0
  const one = async (at: number): Promise<void> => {
    const body = options.bodyOf(at)
    const startedAt = performance.now()
    const answer = await pool.request({ method: 'POST', path: url.pathname, headers, body })
    let last = 0
    let gap = 0
    for await (const _piece of answer.body) {
      const now = performance.now()
      if (last === 0) firstBytes.push(now - startedAt)
      else gap = Math.max(gap, now - last)
      last = now
    }
    latencies.push(performance.now() - startedAt)
    gaps.push(gap)
    if (answer.statusCode !== 200) failed += 1
  }
  const caller = async (index: number): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, index * (options.staggerMs ?? 0)))
    while (next < options.count) {
      const at = next
      next += 1
      try {
        await one(at)
      } catch {
        failed += 1
      }
    }
  }
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: options.concurrency }, (_, index) => caller(index)))
  const seconds = (performance.now() - startedAt) / 1000
  await pool.destroy()
  return { count: options.count, failed, seconds, latencies, firstBytes, gaps }
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0
}
