/** Finds the streamed text of Ollama answers. */
import type { NodeRef } from '../../lib/json/tape.ts'
import type { StreamShape } from '../../model/stream-shape.ts'
import { NO_REASONING } from '../reasoning-blocks.ts'
import { isText, repeatsNothing, streamedText } from '../stream-text.ts'

export function ollamaShape(): StreamShape {
  return {
    repeats: repeatsNothing,
    offsets: null,
    read: (tape) => {
      const message = tape.member(tape.root, 'message')
      const places: readonly (readonly [string, NodeRef])[] = [
        ['content', tape.member(message, 'content')],
        ['reasoning', tape.member(message, 'thinking')],
        ['response', tape.member(tape.root, 'response')],
        ['reasoning', tape.member(tape.root, 'thinking')],
      ]
      const texts = places
        .filter(([, node]) => isText(tape, node))
        .map(([kind, node]) => streamedText(node, '0', kind))
      const isDone = tape.boolean(tape.member(tape.root, 'done')) === true
      return {
        texts,
        ends: isDone ? 'all' : [],
        strips: [],
        isKnown: true,
        reasoning: NO_REASONING,
        spans: [],
      }
    },
    flush: (_group, kind, rest) => {
      if (kind === 'response') return { name: '', data: { response: rest, done: false } }
      const key = kind === 'reasoning' ? 'thinking' : 'content'
      const message = { role: 'assistant', content: '', [key]: rest }
      return { name: '', data: { message, done: false } }
    },
  }
}
