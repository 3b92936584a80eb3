/** Follows the erasure of a value to its end, tells what came of it, and writes the receipt. */
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  listErasureJobs,
  readErasureJob,
  type ErasureJob,
  type ErasureJobHead,
} from '../api/contract/erasure-jobs.ts'
import { readErasure, type ErasureReceipt } from '../api/contract/keeping.ts'
import { visibleLine } from '../lib/visible-text.ts'
import { EXIT, failWith, print, printJson, say } from './output.ts'
import type { ApiClient } from './remote/api-client.ts'
import { stopSignal } from './stop-signal.ts'
import { terminal } from './terminal.ts'

const LOOK_EVERY_MS = 500

export interface FollowOptions {
  readonly receipt?: string
  readonly json?: boolean
}

/** Ctrl-C stops the following, not the erasure. */
export async function followErasure(
  api: ApiClient,
  id: string,
  options: FollowOptions,
): Promise<void> {
  using stop = stopSignal()
  for (let shown = ''; ;) {
    // The list: looking at it is no reading of what was found.
    const { items } = await api.call(listErasureJobs, {})
    const head = items.find((job) => job.id === id)
    if (head === undefined || !isUnderWay(head)) break
    const line = progressText(head)
    if (line !== shown && terminal().err.isTTY === true) say(line)
    shown = line
    if (stop.signal.aborted) {
      say(`it goes on without you: custody erasures show ${id}, or cancel it`)
      return
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal: stop.signal }).catch(() => undefined)
  }
  const job = await api.call(readErasureJob, { params: { id } })
  const receipts: ErasureReceipt[] = []
  for (const erasure of job.erasures)
    receipts.push(await api.call(readErasure, { params: { id: erasure } }))
  if (options.receipt !== undefined && receipts.length > 0) {
    const text = JSON.stringify({ ...job, erasures: receipts }, null, 2)
    writeFileSync(options.receipt, `${text}\n`, { mode: 0o600 })
  }
  if (options.json === true) printJson({ ...job, erasures: receipts })
  else sayJob(job)
  endAs(job)
}

export const isUnderWay = ({ state }: Pick<ErasureJobHead, 'state'>): boolean =>
  state === 'searching' || state === 'erasing'

export function progressText(job: ErasureJobHead): string {
  const { state, searched, total, found, erased } = job
  return state === 'erasing'
    ? `erased ${erased}, ${found} to go`
    : `${state}: read ${searched} of ${total} exchanges, ${found} hold it`
}

function sayJob(job: ErasureJob): void {
  const { id, dryRun, state, erased, erasures, unreadable, searched, exchanges, found } = job
  if (dryRun) for (const exchange of exchanges) print(exchange)
  else print(`${id}  ${state}: ${erased} exchanges, ${erasures.length} receipts`)
  if (found > exchanges.length) say(`and ${found - exchanges.length} more`)
  say(`${searched} exchanges were read, ${unreadable} could not be`)
  for (const { exchange, detail } of job.refusals) say(`${exchange}: ${visibleLine(detail)}`)
  if (job.refused > job.refusals.length) say(`and ${job.refused - job.refusals.length} more`)
}

function endAs({ id, state, erased, refused }: ErasureJob): void {
  const again = `custody erasures resume ${id} --value-file FILE`
  if (state === 'done' && refused === 0) return
  if (state === 'cancelled' || state === 'interrupted')
    failWith(EXIT.failed, `it was ${state}; ${erased} exchanges are erased`, `go on with: ${again}`)
  else if (state === 'failed')
    failWith(EXIT.failed, 'it failed; the log of the gateway says where', `go on with: ${again}`)
  else
    failWith(
      EXIT.failed,
      erased > 0 ? 'some of it was not erased' : 'nothing was erased',
      `a legal hold is released by another person: custody holds release; then ${again}`,
    )
}
