/** What the control plane shows of the transparency log: its health, who holds its checkpoints, verifying it, proofs. */
import { Worker } from 'node:worker_threads'
import type { LogDesk, LogVerification } from '../api/parts.ts'
import { nodeDisk } from '../evidence/disk.ts'
import { logFolder } from '../evidence/evidence-log.ts'
import { LogFolder } from '../evidence/log/log-folder.ts'
import { formatNoteKey } from '../evidence/log/note-key.ts'
import type { Evidence } from '../evidence/open-evidence.ts'
import type { CheckpointPublisher } from '../evidence/publish/publisher.ts'
import { proveFrames } from '../evidence/record-proof.ts'
import { problemWords } from '../evidence/verify/report-json.ts'
import type { Clock } from '../lib/clock.ts'
import { threadScript } from '../lib/thread-script.ts'
import type { VerifyNews } from './verify-thread.ts'

/** Problems shown in the console; `custody verify` lists more. */
const PROBLEMS_SHOWN = 100

const SCRIPT = threadScript('verify-thread', import.meta)

export function openLogDesk(
  folder: string,
  evidence: Evidence,
  publisher: CheckpointPublisher,
  clock: Clock,
): LogDesk & AsyncDisposable {
  const { log } = evidence
  const store = new LogFolder(nodeDisk, logFolder(folder))
  let verification: LogVerification = { state: 'never' }
  let worker: Worker | null = null
  const fail = (reason: string): void => {
    verification = { state: 'failed', reason, atMs: clock.nowMs() }
  }
  return {
    health: () => ({
      origin: log.keys.origin,
      keys: log.keys.verifiers.map(formatNoteKey),
      size: log.writer.head.size,
      root: log.writer.head.root.toString('base64'),
      checkpoint: log.writer.checkpoint.toString('utf8'),
      waiting: log.writer.size - log.writer.head.size,
      isBehind: log.isBehind,
      failure: log.failure,
      parties: publisher.status,
      verification,
    }),
    verify: () => {
      if (worker !== null) return
      const started = new Worker(SCRIPT, { workerData: { folder } })
      worker = started
      verification = { state: 'running', leaves: 0, of: log.writer.head.size }
      started.on('message', (news: VerifyNews) => {
        if (news.kind === 'progress') {
          verification = { state: 'running', leaves: news.leaves, of: news.of }
          return
        }
        const { holds, records, unclosed, gaps, problems, problemCount, tookMs } = news.report
        verification = {
          state: 'done',
          atMs: clock.nowMs(),
          holds,
          records,
          unclosed,
          gaps,
          problems: problems.slice(0, PROBLEMS_SHOWN).map(problemWords),
          problemCount,
          tookMs,
        }
      })
      started.on('error', (error) => fail(error instanceof Error ? error.message : String(error)))
      started.on('exit', () => {
        worker = null
        if (verification.state === 'running') fail('it ended before it was done')
      })
    },
    prove: async (frames) =>
      (await proveFrames(store, frames)).map(({ leaf, name, file }) => ({
        index: leaf.sequence,
        kind: leaf.kind,
        atMs: leaf.timeS * 1000,
        name,
        file: file.toString('utf8'),
      })),
    [Symbol.asyncDispose]: async () => {
      await worker?.terminate()
    },
  }
}
