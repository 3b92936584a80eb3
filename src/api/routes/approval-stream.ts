/** Tells consoles that approvals changed; what changed they load themselves, judged anew. */
import { streamSSE } from 'hono/streaming'
import { reachOf } from '../../identity/permissions.ts'
import { fail } from '../../model/errors.ts'
import { followApprovals } from '../contract/approvals.ts'
import { signedIn } from '../guard.ts'
import type { Registrar } from '../registrar.ts'

const STREAMS_MAX = 200
const STREAM_MS = 5 * 60 * 1000
/** A session that was ended or a role that was taken away must not live on in a stream. */
const JUDGE_MS = 2_000
/** Many changes at once are told once. */
const TELL_EVERY_MS = 150

export function approvalStream({ app, parts, guarded }: Registrar): void {
  let streams = 0
  app.openapi(guarded(followApprovals), async (context) => {
    if (streams >= STREAMS_MAX) throw fail('api.rate')
    // A proxy that buffers would make live late.
    context.header('x-accel-buffering', 'no')
    const { table } = parts.approvals.deciding
    const isAllowed = async (): Promise<boolean> => {
      try {
        return reachOf('approvals.live', (await signedIn(context, parts, false)).roles) !== null
      } catch {
        return false
      }
    }
    return streamSSE(context, async (stream) => {
      streams += 1
      const endsAtMs = parts.clock.monotonicMs() + STREAM_MS
      try {
        await stream.writeSSE({ event: 'ready', data: '{}' })
        let seen = table.version()
        let judgedAtMs = parts.clock.monotonicMs()
        while (!stream.aborted && parts.clock.monotonicMs() < endsAtMs) {
          await stream.sleep(TELL_EVERY_MS)
          const version = table.version()
          if (version !== seen) await stream.writeSSE({ event: 'changed', data: '{}' })
          seen = version
          if (parts.clock.monotonicMs() - judgedAtMs < JUDGE_MS) continue
          if (!(await isAllowed())) return
          await stream.write(': still here\n\n')
          judgedAtMs = parts.clock.monotonicMs()
        }
      } finally {
        streams -= 1
      }
    })
  })
}
