/** Ends a Messages stream that has begun as if the model had said the last words itself: Claude Code reads no error event. */
import { parseLoose, textAt, valueAt } from '../../lib/json/loose.ts'
import type { CallerError, SpokenEnding } from '../../model/dialect.ts'

const LINE_BYTES_MAX = 64 * 1024
const MARK = Buffer.from('content_block_')
const START = Buffer.from('message_start')
/** Names of the events stand at the beginning of their data. */
const MARK_WITHIN = 64

export function createSpokenEnding(): SpokenEnding {
  let line: Buffer = Buffer.alloc(0)
  let begun = false
  let blocks = 0
  /** Type of the block that is open; null when none is. */
  let open: string | null = null
  let hasOther = false
  const read = (data: Buffer): void => {
    const head = data.subarray(0, MARK_WITHIN)
    if (head.includes(START)) begun = true
    if (!head.includes(MARK)) return
    const event = parseLoose(data.toString('utf8').replace(/^data:/, ''))
    const type = textAt(event, 'type')
    if (type === 'content_block_stop') open = null
    if (type !== 'content_block_start') return
    open = textAt(valueAt(event, 'content_block'), 'type') ?? ''
    hasOther ||= open !== 'text' && open !== 'thinking'
    blocks += 1
  }
  return {
    passed: (bytes) => {
      line = line.length === 0 ? bytes : Buffer.concat([line, bytes])
      for (;;) {
        const end = line.indexOf(10)
        if (end < 0) break
        const one = line.subarray(0, end)
        if (one.subarray(0, 5).equals(DATA)) read(one)
        line = line.subarray(end + 1)
      }
      // A longer line opens no block that could be ended here.
      if (line.length > LINE_BYTES_MAX) {
        hasOther = true
        line = Buffer.alloc(0)
      }
    },
    end: (error) => {
      // Threat: a tool call that was shown would be carried out, and reasoning that was cut would be sent back unsigned.
      if (hasOther || open === 'thinking') return null
      return Buffer.concat([
        ...(begun ? [] : [eventOf({ type: 'message_start', message: emptyMessage(error) })]),
        ...(open === null ? [] : [eventOf({ type: 'content_block_stop', index: blocks - 1 })]),
        ...wordsOf(error, blocks),
        eventOf({
          type: 'message_delta',
          delta: { stop_reason: 'end_turn', stop_sequence: null },
          usage: { output_tokens: 0 },
        }),
        eventOf({ type: 'message_stop' }),
      ])
    },
  }
}

const DATA = Buffer.from('data:')

function eventOf(event: { readonly type: string; readonly [field: string]: unknown }): Buffer {
  return Buffer.from(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
}

function wordsOf({ message, code }: CallerError, index: number): readonly Buffer[] {
  const text = `${index === 0 ? '' : '\n\n'}[The gateway ended this answer: ${message} (${code})]`
  return [
    { type: 'content_block_start', index, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index, delta: { type: 'text_delta', text } },
    { type: 'content_block_stop', index },
  ].map(eventOf)
}

function emptyMessage({ exchangeId }: CallerError): object {
  return {
    id: exchangeId,
    type: 'message',
    role: 'assistant',
    model: 'custody',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 0, output_tokens: 0 },
  }
}
