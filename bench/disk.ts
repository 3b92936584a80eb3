/** What the disk itself costs: the floor under every durable exchange. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quantile } from './load.ts'

export interface SyncLatency {
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Appends of 8 KiB, each followed by fdatasync. */
export function syncLatency(): SyncLatency {
  const folder = mkdtempSync(join(process.env['BENCH_FOLDER'] ?? tmpdir(), 'custody-disk-'))
  const file = openSync(join(folder, 'probe'), 'w')
  const block = Buffer.alloc(8192, 1)
  const times: number[] = []
  for (let i = 0; i < 500; i += 1) {
    const startedAt = performance.now()
    writeSync(file, block)
    fdatasyncSync(file)
    times.push(performance.now() - startedAt)
  }
  closeSync(file)
  rmSync(folder, { recursive: true })
  return { p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) }
}
