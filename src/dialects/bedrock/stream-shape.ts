/** Finds the streamed text of Bedrock: Converse, and the events of each model family behind `invoke`. */
import type { JsonTape } from '../../lib/json/tape.ts'
import type { Surface } from '../../model/dialect.ts'
import type { EventReading, FlushEvent, StreamShape } from '../../model/stream-shape.ts'
import { anthropicShape } from '../anthropic/stream-shape.ts'
import { chatShape } from '../openai/chat-shape.ts'
import { NO_REASONING } from '../reasoning-blocks.ts'
import { repeatsNothing } from '../stream-text.ts'
import { converseShape } from './converse-shape.ts'
import { nativeFlush, readNativeEvent } from './native-shape.ts'

export function bedrockShape({ name }: Surface): StreamShape | null {
  if (name === 'bedrock.converse-stream') return converseStream()
  return name === 'bedrock.invoke-with-response-stream' ? invokeStream() : null
}

/** The service ends a stream by a message of its own; nothing comes behind it. */
const FAILURE: EventReading = {
  texts: [],
  ends: 'all',
  strips: [],
  isKnown: true,
  reasoning: NO_REASONING,
  spans: [],
}

const isFailure = (name: string): boolean => name === 'exception' || name === 'error'

function converseStream(): StreamShape {
  const converse = converseShape()
  return {
    repeats: repeatsNothing,
    offsets: null,
    read: (tape, name) => (isFailure(name) ? FAILURE : converse.read(tape, tape.root, name)),
    flush: converse.flush,
  }
}

type Family = 'anthropic' | 'converse' | 'chat' | 'native'

/** The data of an event is the model's own event, taken out of its `chunk`. */
function invokeStream(): StreamShape {
  const converse = converseShape()
  const anthropic = anthropicShape()
  const chat = chatShape()
  let family: Family = 'native'
  const flushes: Readonly<Record<Family, StreamShape['flush']>> = {
    anthropic: anthropic.flush,
    chat: chat.flush,
    native: nativeFlush,
    converse: (group, kind, rest, counting) => {
      const { name, data } = converse.flush(group, kind, rest, counting)
      return { name, data: { [name]: data } }
    },
  }
  return {
    repeats: repeatsNothing,
    offsets: null,
    read: (tape, name) => {
      if (isFailure(name)) return FAILURE
      const reading = readIn(tape)
      family = reading.family
      return reading
    },
    flush: (group, kind, rest, counting): FlushEvent => ({
      ...flushes[family](group, kind, rest, counting),
      name: 'chunk',
    }),
  }

  function readIn(tape: JsonTape): EventReading & { readonly family: Family } {
    const { root } = tape
    if (tape.text(tape.member(root, 'type')) !== null)
      return { ...anthropic.read(tape, ''), family: 'anthropic' }
    for (const member of tape.children(root)) {
      const key = tape.keyOf(member) ?? ''
      if (converse.knows(key)) return { ...converse.read(tape, member, key), family: 'converse' }
    }
    if (tape.kind(tape.member(root, 'choices')) === 'array')
      return { ...chat.read(tape, ''), family: 'chat' }
    const native = readNativeEvent(tape)
    // The last event may hold nothing but metrics: what is still held belongs to the family before it.
    return { ...native, family: native.texts.length > 0 ? 'native' : family }
  }
}
