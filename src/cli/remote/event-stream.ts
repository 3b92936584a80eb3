/** Reads server-sent events out of a stream of bytes (HTML Living Standard, 9.2.6). */

export interface ServerEvent {
  readonly event: string
  readonly data: string
  /** Of this event; null when it names none. */
  readonly id: string | null
}

/** Threat: a server that never ends its line must not fill the memory. */
const LINE_CHARS_MAX = 4 * 1024 * 1024

/** Comments are given as events named empty: they say that the server lives. */
export async function* serverEvents(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerEvent | 'alive'> {
  const decoder = new TextDecoder()
  let rest = ''
  let fields: { event: string; data: string[]; id: string | null } = blank()
  for await (const piece of bytes) {
    rest += decoder.decode(piece, { stream: true })
    // A carriage return at the end may be half of a line end.
    const lines = rest.replace(/\r(?!$)\n?/g, '\n').split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > LINE_CHARS_MAX) throw new Error('an event is too long')
    for (const line of lines) {
      if (line === '') {
        if (fields.data.length > 0) {
          yield { event: fields.event, data: fields.data.join('\n'), id: fields.id }
        }
        fields = blank()
        continue
      }
      const colon = line.indexOf(':')
      if (colon === 0) yield 'alive'
      const name = colon === -1 ? line : line.slice(0, colon)
      const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
      if (name === 'event') fields.event = value
      else if (name === 'data') fields.data.push(value)
      else if (name === 'id' && !value.includes('\0')) fields.id = value
    }
  }
}

const blank = () => ({ event: 'message', data: [], id: null })
