/** Finds the streamed text of models behind Bedrock's `invoke` that speak neither Anthropic's nor Amazon's events. */
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import { NONE } from '../../lib/json/tape.ts'
import type { EventReading, FlushEvent, StreamedText } from '../../model/stream-shape.ts'
import { NO_REASONING } from '../reasoning-blocks.ts'
import { isText, streamedText } from '../stream-text.ts'
import { METRICS } from './invoke-chunk.ts'

/** Titan, Llama, Cohere. */
const TEXTS = ['outputText', 'generation', 'text'] as const
/** Mistral and Cohere list what they answer. */
const LISTS = ['outputs', 'generations'] as const
const REASONS = ['completionReason', 'stop_reason', 'finish_reason'] as const

export function readNativeEvent(tape: JsonTape): EventReading {
  const texts: StreamedText[] = []
  let isOver = tape.member(tape.root, METRICS) !== NONE
  const look = (holder: NodeRef, group: string, path: string): void => {
    for (const key of TEXTS) {
      const node = tape.member(holder, key)
      if (isText(tape, node)) texts.push(streamedText(node, group, `${path}${key}`))
    }
    if (REASONS.some((key) => isText(tape, tape.member(holder, key)))) isOver = true
  }
  look(tape.root, '0', '')
  for (const list of LISTS) {
    let index = 0
    for (const holder of tape.children(tape.member(tape.root, list))) {
      look(holder, String(index), `${list} `)
      index += 1
    }
  }
  return {
    texts,
    ends: isOver ? 'all' : [],
    strips: [],
    isKnown: texts.length > 0 || isOver,
    reasoning: NO_REASONING,
    spans: [],
  }
}

export function nativeFlush(group: string, kind: string, rest: string): FlushEvent {
  const [list = '', key] = kind.split(' ')
  if (key === undefined) return { name: 'chunk', data: { [list]: rest } }
  const before = Array.from({ length: Number(group) }, () => ({ [key]: '' }))
  return { name: 'chunk', data: { [list]: [...before, { [key]: rest }] } }
}
