/** Finds the streamed text of Anthropic messages. */
import type { StreamedText, StreamShape } from '../../model/stream-shape.ts'
import { createReasoningBlocks } from '../reasoning-blocks.ts'
import { documentPlace } from '../text-places.ts'
import { indexText, isText, repeatsNothing, streamedText } from '../stream-text.ts'

const TEXTS: Readonly<Record<string, string>> = {
  text_delta: 'text',
  input_json_delta: 'partial_json',
  thinking_delta: 'thinking',
}
const EVENTS: ReadonlySet<string> = new Set([
  'message_start',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
  'ping',
  'error',
])

const SEALED = 'redacted_thinking'
/** Anthropic signs every block of thinking. */
const REASONING: ReadonlySet<string> = new Set(['thinking', SEALED])

export function anthropicShape(): StreamShape {
  const tools = new Map<string, string>()
  const reasoning = createReasoningBlocks()
  return {
    repeats: repeatsNothing,
    offsets: null,
    read: (tape) => {
      const type = tape.text(tape.member(tape.root, 'type')) ?? ''
      const group = indexText(tape, tape.root, 'index')
      const texts: StreamedText[] = []
      let isKnown = EVENTS.has(type)
      let isSealed = false
      if (type === 'content_block_start') {
        const block = tape.member(tape.root, 'content_block')
        tools.set(group, tape.text(tape.member(block, 'name')) ?? '')
        const blockType = tape.text(tape.member(block, 'type')) ?? ''
        if (REASONING.has(blockType)) reasoning.add(Number(group))
        isSealed = blockType === SEALED
      }
      if (type === 'content_block_delta') {
        const delta = tape.member(tape.root, 'delta')
        const deltaType = tape.text(tape.member(delta, 'type')) ?? ''
        const kind = TEXTS[deltaType]
        const node = kind === undefined ? -1 : tape.member(delta, kind)
        if (kind !== undefined && isText(tape, node)) {
          const isJson = kind === 'partial_json'
          texts.push(
            streamedText(node, group, kind, {
              isJson,
              tool: isJson ? (tools.get(group) ?? '') : '',
            }),
          )
        } else isKnown = deltaType === 'signature_delta' || deltaType === 'citations_delta'
      }
      const cited = documentPlace(tape, tape.member(tape.member(tape.root, 'delta'), 'citation'))
      const isOver = type === 'message_delta' || type === 'message_stop'
      const ends = isOver ? 'all' : type === 'content_block_stop' ? [group] : []
      return {
        texts,
        ends,
        strips: [],
        isKnown,
        reasoning: reasoning.read(tape, tape.member(tape.root, 'index'), isSealed),
        spans: cited === null ? [] : [{ into: cited, ...cited }],
      }
    },
    flush: (group, kind, rest, counting) => {
      const index = reasoning.numbered(Number(group), counting)
      const [type] = Object.entries(TEXTS).find(([, key]) => key === kind) ?? ['text_delta']
      const name = 'content_block_delta'
      return { name, data: { type: name, index, delta: { type, [kind]: rest } } }
    },
  }
}
