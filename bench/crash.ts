/** Parity and loss: records against answers delivered, in peace and after kill -9 under load. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pool } from 'undici'
import { promptBody } from './bodies.ts'
import { recordedRows, startCustody } from './processes.ts'
import type { Target, Upstream } from './processes.ts'

export interface CrashRow {
  readonly rounds: number
  readonly delivered: number
  readonly missing: number
}

/** Ids of the exchanges whose answer the caller held whole. */
async function deliveredUntilKilled(target: Target, killAfterMs: number): Promise<string[]> {
  const url = new URL(target.url)
  const pool = new Pool(url.origin, { connections: 16 })
  const delivered: string[] = []
  let running = true
  let next = 0
  const caller = async (): Promise<void> => {
    while (running) {
      next += 1
      const body = promptBody(4096, 1024, 70_000 + next, false)
      try {
        const answer = await pool.request({
          method: 'POST',
          path: url.pathname,
          headers: { 'content-type': 'application/json', ...target.headers },
          body,
        })
        await answer.body.text()
        if (answer.statusCode === 200) delivered.push(String(answer.headers['x-custody-exchange']))
      } catch {
        running = false
      }
    }
  }
  const callers = Array.from({ length: 16 }, caller)
  await new Promise((resolve) => setTimeout(resolve, killAfterMs))
  await target.kill()
  running = false
  await Promise.all(callers)
  await pool.destroy()
  return delivered
}

export async function crashRow(
  upstream: Upstream,
  scale: number,
  say: (line: string) => void,
): Promise<CrashRow> {
  const rounds = Math.max(2, Math.round(10 * scale))
  let delivered = 0
  let missing = 0
  for (let round = 0; round < rounds; round += 1) {
    const folder = await mkdtemp(join(process.env['BENCH_FOLDER'] ?? tmpdir(), 'custody-crash-'))
    const target = await startCustody(upstream, { folder })
    const ids = await deliveredUntilKilled(target, 400 + round * 137)
    const complete = new Set(
      recordedRows(target, 1_000_000)
        .filter((row) => row['state'] === 'complete')
        .map((row) => String(row['id'])),
    )
    delivered += ids.length
    missing += ids.filter((id) => !complete.has(id)).length
    await rm(folder, { recursive: true, force: true })
  }
  say(`kill -9: ${rounds} rounds, ${delivered} delivered, ${missing} missing`)
  return { rounds, delivered, missing }
}
