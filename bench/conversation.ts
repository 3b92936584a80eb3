/** A growing conversation: what turn 100 costs against turn 1 when both add the same amount of new text. */
import { conversationBody } from './bodies.ts'
import { load } from './load.ts'
import { TARGETS, recordedRows, usageOf } from './processes.ts'
import type { Upstream } from './processes.ts'

export interface ConversationRow {
  readonly target: string
  readonly turn: number
  readonly bodyKb: number
  readonly cpuMicros: number
  /** Bytes a turn added to segments; 0 for targets that record nothing. */
  readonly storedBytes: number
}

const PER_TURN = 2048
const TURNS = 100
const SCRIPT = { 'x-sandbox-script': JSON.stringify({ bytes: 200 }) }

export async function conversationRows(
  upstream: Upstream,
  scale: number,
  say: (line: string) => void,
): Promise<ConversationRow[]> {
  const conversations = Math.max(10, Math.round(60 * scale))
  const rows: ConversationRow[] = []
  for (const name of ['bare', 'custody', 'portkey'] as const) {
    await using target = await TARGETS[name](upstream)
    for (const turn of [1, TURNS]) {
      // The history up to the turn before has been seen, as it would have been in a live conversation.
      const history = Array.from({ length: conversations }, (_, at) =>
        conversationBody(at + turn * 1000, turn - 1, PER_TURN),
      )
      const bodies = Array.from({ length: conversations }, (_, at) =>
        conversationBody(at + turn * 1000, turn, PER_TURN),
      )
      await load(target, {
        concurrency: 4,
        count: conversations,
        bodyOf: (at) => history[at] ?? Buffer.alloc(0),
        headers: SCRIPT,
      })
      await settled()
      const before = usageOf(target.pid)
      await load(target, {
        concurrency: 4,
        count: conversations,
        bodyOf: (at) => bodies[at] ?? Buffer.alloc(0),
        headers: SCRIPT,
      })
      const after = usageOf(target.pid)
      await settled()
      rows.push({
        target: target.name,
        turn,
        bodyKb: (bodies[0]?.length ?? 0) / 1024,
        cpuMicros: ((after.cpuSeconds - before.cpuSeconds) / conversations) * 1e6,
        storedBytes:
          recordedRows(target, conversations).reduce(
            (sum, row) => sum + Number(row['storedBytes']),
            0,
          ) / conversations,
      })
      say(
        `${name} turn ${turn}: ${rows.at(-1)?.cpuMicros.toFixed(0)} us CPU, ${rows.at(-1)?.storedBytes.toFixed(0)} bytes stored`,
      )
    }
  }
  return rows
}

function settled(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 500)
  })
}
