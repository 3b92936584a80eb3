/** Tells what is new in a turn: which blocks this conversation neither sent before nor was answered. */
import { hash } from 'node:crypto'
import type { BlockSpan } from '../../model/dialect.ts'
import type { ConversationView } from './conversation.ts'

export interface Novelty {
  readonly newBlocks: number
  readonly newBytes: number
  /** Indexes of the blocks that the model said in this conversation. */
  readonly received: ReadonlySet<number>
  /** Digest and length of every block, to be remembered when they leave. */
  readonly blocks: readonly (readonly [digest: string, bytes: number])[]
}

/** Marks of caching come and go, and arguments are written anew; a page of text is something else. */
const SLACK_BYTES = 512
/** Room for the escapes of JSON, and for the names around what is said. */
const ENVELOPE = 2

/**
 * Threat: a caller puts an answer that no model gave behind a prompt, so that the prompt looks like history. Only what
 * this gateway sent for the same caller in the same conversation, or brought back, counts as carried over; a block that
 * has grown beside what is compared of it does not.
 */
export function noveltyOf(
  conversation: ConversationView | null,
  spans: readonly BlockSpan[],
  body: Buffer,
): Novelty {
  const { prior = null, reading = null } = conversation ?? {}
  const answer = reading?.links.answer ?? null
  const isAnswer = answer !== null && prior?.answers.has(answer) === true
  const answered = new Set(isAnswer ? reading?.answerBlocks : [])
  const received = new Set<number>()
  const blocks: (readonly [string, number])[] = []
  let newBlocks = 0
  let newBytes = 0
  for (const [index, { start, end, role }] of spans.entries()) {
    const { digest = '', chars = 0 } = reading?.blocks[index] ?? {}
    const bytes = end - start
    const name =
      digest === '' ? `${role} ${hash('sha256', body.subarray(start, end), 'base64')}` : digest
    blocks.push([name, bytes])
    if (answered.has(index) && bytes <= chars * ENVELOPE + SLACK_BYTES) {
      received.add(index)
      continue
    }
    const sent = prior?.blocks.get(name)
    if (sent !== undefined && bytes <= sent + SLACK_BYTES) continue
    newBlocks += 1
    newBytes += bytes
  }
  return { newBlocks, newBytes, received, blocks }
}
