/** Follows server-sent events over fetch: resumes by last event id, waits longer after each failure, stops when told. */
import { isApiProblem, send } from './client.ts'

export interface StreamEvent {
  readonly id: string
  readonly type: string
  readonly text: string
}

export type StreamState = 'connecting' | 'live' | 'waiting'

export interface Follow {
  readonly url: string
  readonly signal: AbortSignal
  readonly onEvent: (event: StreamEvent) => void
  readonly onState: (state: StreamState) => void
}

const WAIT_MS = 1_000
const WAIT_MS_MAX = 15_000

/** Resolves when aborted; rejects when the server says that it is not allowed or not possible (4xx). */
export async function followEvents({ url, signal, onEvent, onState }: Follow): Promise<void> {
  let lastId = ''
  let waitMs = WAIT_MS
  while (!signal.aborted) {
    onState('connecting')
    try {
      const answer = await send(url, {
        signal,
        cache: 'no-store',
        headers: {
          accept: 'text/event-stream',
          ...(lastId === '' ? {} : { 'last-event-id': lastId }),
        },
      })
      onState('live')
      waitMs = WAIT_MS
      await readEvents(answer, (event) => {
        if (event.id !== '') lastId = event.id
        onEvent(event)
      })
    } catch (error) {
      if (signal.aborted) return
      if (isApiProblem(error) && error.status >= 400 && error.status < 500 && error.status !== 429)
        throw error
    }
    onState('waiting')
    await pause(waitMs, signal)
    waitMs = Math.min(waitMs * 2, WAIT_MS_MAX)
  }
}

async function readEvents(answer: Response, onEvent: (event: StreamEvent) => void): Promise<void> {
  if (answer.body === null) return
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  const parser = eventParser(onEvent)
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    parser(value)
  }
}

/** Reads the event stream format of the HTML standard, however the text is cut. */
export function eventParser(onEvent: (event: StreamEvent) => void): (text: string) => void {
  let rest = ''
  let id = ''
  let type = ''
  let data: string[] = []
  const line = (text: string): void => {
    if (text === '') {
      if (data.length > 0)
        onEvent({ id, type: type === '' ? 'message' : type, text: data.join('\n') })
      type = ''
      data = []
      return
    }
    const colon = text.indexOf(':')
    if (colon === 0) return
    const name = colon < 0 ? text : text.slice(0, colon)
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '')
    if (name === 'id') id = value
    else if (name === 'event') type = value
    else if (name === 'data') data.push(value)
  }
  return (text) => {
    rest += text
    // A CR at the end may be the first half of CRLF: it waits for what follows.
    const lines = rest.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    for (const one of lines) line(one)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
