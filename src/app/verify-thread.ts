/** Verifies the data folder beside the running gateway, in a thread of its own: traffic does not wait for it. */
import { parentPort, workerData } from 'node:worker_threads'
import { nodeDisk } from '../evidence/disk.ts'
import { reportJson, type ReportJson } from '../evidence/verify/report-json.ts'
import { verifyFolder } from '../evidence/verify/verify-folder.ts'
import { systemClock } from '../lib/clock.ts'

export type VerifyNews =
  | { readonly kind: 'progress'; readonly leaves: number; readonly of: number }
  | { readonly kind: 'done'; readonly report: ReportJson }

if (parentPort === null) throw new Error('verify-thread runs as a worker of the gateway.')
const port = parentPort
const PROGRESS_EVERY_MS = 250

const say = (news: VerifyNews): void => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  port.postMessage(news)
}

const { folder }: { folder: string } = workerData
const startedMs = systemClock.monotonicMs()
let saidMs = startedMs
const report = await verifyFolder({
  disk: nodeDisk,
  folder,
  policy: null,
  known: [],
  provider: null,
  isLive: true,
  nowS: Math.floor(systemClock.nowMs() / 1000),
  onProgress: ({ leaves, of }) => {
    const nowMs = systemClock.monotonicMs()
    if (nowMs - saidMs < PROGRESS_EVERY_MS) return
    saidMs = nowMs
    say({ kind: 'progress', leaves, of })
  },
})
say({ kind: 'done', report: reportJson(report, systemClock.monotonicMs() - startedMs) })
