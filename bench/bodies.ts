/** Deterministic request bodies shaped like agent traffic: unchanged history first, new text at the end. */

/** Linear congruential generator (Numerical Recipes): the same seed gives the same text on every machine. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const WORDS =
  'the agent reads file and then writes a test which fails because value of field is missing from record so we look at index again return const await function import error status 404 response user account invoice 2026 token limit budget'.split(
    ' ',
  )

/** About `bytes` of prose that no other seed gives. */
export function prose(bytes: number, seed: number): string {
  const random = createRandom(seed)
  let text = ''
  while (text.length < bytes) {
    const word = WORDS[Math.floor(random() * WORDS.length)] ?? ''
    text += random() < 0.12 ? `${word}${Math.floor(random() * 1e6).toString(36)} ` : `${word} `
  }
  return text.slice(0, bytes)
}

/** What detectors look for, in front of the new text of each prompt. */
const HITS = 'write to jane.doe@example.com about card 4111 1111 1111 1111: '

interface Message {
  readonly role: string
  readonly content: string
}

function chatBody(messages: readonly Message[], stream: boolean): Buffer {
  return Buffer.from(JSON.stringify({ model: 'bench', messages, stream }))
}

/** A chat request of about `bytes` whose last `newBytes` no earlier request held. */
export function promptBody(bytes: number, newBytes: number, seed: number, stream: boolean): Buffer {
  const history: Message[] = [{ role: 'system', content: prose(Math.min(1500, bytes / 4), 1) }]
  const perMessage = Math.max(200, Math.min(2000, bytes / 8))
  let used = history[0]?.content.length ?? 0
  for (let i = 0; used + newBytes + 150 < bytes; i += 1) {
    const size = Math.min(perMessage, bytes - newBytes - used - 100)
    history.push({ role: i % 2 === 0 ? 'user' : 'assistant', content: prose(size, 100 + i) })
    used += size + 35
  }
  return chatBody(
    [...history, { role: 'user', content: HITS + prose(newBytes - HITS.length, 1_000_000 + seed) }],
    stream,
  )
}

/** A request of which nothing was seen before. */
export function freshBody(bytes: number, seed: number, stream: boolean): Buffer {
  const messages: Message[] = []
  for (let used = 0; used < bytes - 60; used += 2035) {
    messages.push({
      role: 'user',
      content:
        HITS +
        prose(Math.min(2000, bytes - used - 50) - HITS.length, 5_000_000 + seed * 1000 + used),
    })
  }
  return chatBody(messages, stream)
}

/**
 * Turn `turn` (from 1) of a conversation in which each turn adds about `perTurn` bytes: an answer and the next question. The
 * first turn has no answer to bring along, so its question is as long as both.
 */
export function conversationBody(conversation: number, turn: number, perTurn: number): Buffer {
  const messages: Message[] = [{ role: 'system', content: prose(800, 42) }]
  for (let i = 1; i <= turn; i += 1) {
    const seed = conversation * 10_000 + i
    messages.push({ role: 'user', content: prose(i === 1 ? perTurn : perTurn / 2, seed) })
    if (i < turn) messages.push({ role: 'assistant', content: prose(perTurn / 2, seed + 5_000) })
  }
  return chatBody(messages, false)
}
