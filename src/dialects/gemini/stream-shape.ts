/** Finds the streamed text of Gemini answers. */
import type { NodeRef } from '../../lib/json/tape.ts'
import type { StreamedText, StreamShape, TextSpan } from '../../model/stream-shape.ts'
import { candidatePlaces } from '../text-places.ts'
import { NO_REASONING } from '../reasoning-blocks.ts'
import { indexText, isText, repeatsNothing, streamedText } from '../stream-text.ts'

const SIGNATURES = ['thoughtSignature', 'thought_signature'] as const

export function geminiShape(): StreamShape {
  return {
    repeats: repeatsNothing,
    offsets: 'byte',
    read: (tape) => {
      const texts: StreamedText[] = []
      const ends: string[] = []
      const strips: NodeRef[] = []
      const thoughts: NodeRef[] = []
      const spans: TextSpan[] = []
      const candidates = tape.member(tape.root, 'candidates')
      for (const candidate of tape.children(candidates)) {
        const group = indexText(tape, candidate, 'index')
        const parts = tape.member(tape.member(candidate, 'content'), 'parts')
        for (const part of tape.children(parts)) {
          const node = tape.member(part, 'text')
          const isThought = tape.boolean(tape.member(part, 'thought')) === true
          if (isText(tape, node))
            texts.push(streamedText(node, group, isThought ? 'thought' : 'text'))
          const signature = SIGNATURES.map((key) => tape.member(part, key)).find((one) => one >= 0)
          if (isThought) thoughts.push(part)
          else if (signature !== undefined) thoughts.push(signature)
        }
        if (isText(tape, tape.member(candidate, 'finishReason'))) ends.push(group)
        for (const place of candidatePlaces(tape, candidate))
          spans.push({ into: { group, kind: 'text' }, ...place })
        const odds = tape.member(candidate, 'logprobsResult')
        if (tape.kind(odds) === 'object') strips.push(odds)
      }
      const isKnown = ['candidates', 'usageMetadata', 'promptFeedback', 'error'].some(
        (key) => tape.kind(tape.member(tape.root, key)) !== null,
      )
      const reasoning = thoughts.length === 0 ? NO_REASONING : { ...NO_REASONING, parts: thoughts }
      return { texts, ends, strips, isKnown, reasoning, spans }
    },
    flush: (group, _kind, rest) => {
      const content = { parts: [{ text: rest }], role: 'model' }
      return { name: '', data: { candidates: [{ content, index: Number(group) }] } }
    },
  }
}
