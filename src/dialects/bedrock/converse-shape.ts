/** Finds the streamed text of Converse, also in the events that Amazon's own models send behind `invoke`. */
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import type { EventReading, StreamedText, StreamShape } from '../../model/stream-shape.ts'
import { createReasoningBlocks } from '../reasoning-blocks.ts'
import { documentPlace } from '../text-places.ts'
import { indexText, isText, streamedText } from '../stream-text.ts'

const EVENTS: ReadonlySet<string> = new Set([
  'messageStart',
  'contentBlockStart',
  'contentBlockDelta',
  'contentBlockStop',
  'messageStop',
  'metadata',
])

const SIGNATURES = ['signature', 'redactedContent'] as const

export interface ConverseShape {
  readonly knows: (name: string) => boolean
  readonly read: (tape: JsonTape, event: NodeRef, name: string) => EventReading
  readonly flush: StreamShape['flush']
}

export function converseShape(): ConverseShape {
  const tools = new Map<string, string>()
  const blocks = createReasoningBlocks()
  return {
    knows: (name) => EVENTS.has(name),
    read: (tape, event, name) => {
      const group = indexText(tape, event, 'contentBlockIndex')
      const texts: StreamedText[] = []
      let isKnown = EVENTS.has(name)
      let isSealed = false
      if (name === 'contentBlockStart') {
        const tool = tape.member(tape.member(event, 'start'), 'toolUse')
        tools.set(group, tape.text(tape.member(tool, 'name')) ?? '')
      }
      if (name === 'contentBlockDelta') {
        const delta = tape.member(event, 'delta')
        const plain = tape.member(delta, 'text')
        const input = tape.member(tape.member(delta, 'toolUse'), 'input')
        const reasoning = tape.member(delta, 'reasoningContent')
        const thought = tape.member(reasoning, 'text')
        if (tape.kind(reasoning) === 'object') blocks.add(Number(group))
        isSealed = isText(tape, tape.member(reasoning, 'redactedContent'))
        if (isText(tape, plain)) texts.push(streamedText(plain, group, 'text'))
        else if (isText(tape, input)) {
          const tool = tools.get(group) ?? ''
          texts.push(streamedText(input, group, 'input', { isJson: true, tool }))
        } else if (isText(tape, thought)) texts.push(streamedText(thought, group, 'thinking'))
        else
          isKnown =
            SIGNATURES.some((key) => isText(tape, tape.member(reasoning, key))) ||
            tape.kind(tape.member(delta, 'citation')) === 'object'
      }
      const isOver = name === 'messageStop' || name === 'metadata'
      const ends = isOver ? 'all' : name === 'contentBlockStop' ? [group] : []
      const reasoning = blocks.read(tape, tape.member(event, 'contentBlockIndex'), isSealed)
      const location = tape.member(tape.member(tape.member(event, 'delta'), 'citation'), 'location')
      const cited = documentPlace(tape, tape.member(location, 'documentChar'))
      const spans = cited === null ? [] : [{ into: cited, ...cited }]
      return { texts, ends, strips: [], isKnown, reasoning, spans }
    },
    flush: (group, kind, rest, counting) => ({
      name: 'contentBlockDelta',
      data: {
        contentBlockIndex: blocks.numbered(Number(group), counting),
        delta: deltaOf(kind, rest),
      },
    }),
  }
}

function deltaOf(kind: string, rest: string): unknown {
  switch (kind) {
    case 'input':
      return { toolUse: { input: rest } }
    case 'thinking':
      return { reasoningContent: { text: rest } }
    default:
      return { text: rest }
  }
}
