/** Cuts a recorded answer into what each of its chunks added to the text, the reasoning and the tool calls. */
import type { AnswerView } from '../model/dialect.ts'
import type { RecordedAnswer } from './recorded-answer.ts'

/** A piece of one channel of the answer. Not yet safe to show. */
export interface PlayedPart {
  readonly channel: 'reasoning' | 'text' | 'refusal' | 'error' | 'tool call'
  /** Tells tool calls apart: their place in the answer. */
  readonly number: number
  /** Of the tool; empty in other channels. */
  readonly name: string
  readonly text: string
}

/** Bytes read in all while an answer is put together after every chunk; above it several chunks are read as one. */
const READ_BYTES_MAX = 512 * 1024 * 1024

interface Track extends Omit<PlayedPart, 'text'> {
  /** Everything of this channel so far. */
  readonly whole: string
}

export class AnswerPlayback {
  readonly #answer: RecordedAnswer
  readonly #body: Buffer
  readonly #ends: readonly number[]
  readonly #stride: number
  readonly #played = new Map<string, string>()
  readonly #broken = new Set<string>()
  #at = 0

  constructor(answer: RecordedAnswer) {
    this.#answer = answer
    this.#body = Buffer.concat(answer.pieces)
    let end = 0
    this.#ends = answer.pieces.map((piece) => (end += piece.length))
    this.#stride = Math.max(
      1,
      Math.ceil((this.#body.length * this.#ends.length) / 2 / READ_BYTES_MAX),
    )
  }

  /** What the next chunk added. Call once for each recorded chunk, in order. */
  next(): readonly PlayedPart[] {
    const end = this.#ends[this.#at]
    this.#at += 1
    const isLast = this.#at >= this.#ends.length
    if (end === undefined || (!isLast && this.#at % this.#stride !== 0)) return []
    const view = this.#answer.read(this.#body.subarray(0, end))
    return view === null ? [] : this.#added(view, isLast)
  }

  get body(): Buffer {
    return this.#body
  }

  #added(view: AnswerView, isLast: boolean): readonly PlayedPart[] {
    return tracksOf(view).flatMap(({ whole, ...track }) => {
      const key = `${track.channel} ${track.number}`
      const played = this.#played.get(key) ?? ''
      if (!whole.startsWith(played)) this.#broken.add(key)
      if (this.#broken.has(key) && !isLast) return []
      // Several choices are set one below the other, so the text may grow in its middle: then it is given again, whole.
      const text = this.#broken.has(key)
        ? `\n${whole}`
        : wholeCharacters(whole.slice(played.length), isLast)
      // A call without arguments is announced all the same.
      const isNews = text !== '' || (track.name !== '' && !this.#played.has(key))
      this.#played.set(key, this.#broken.has(key) ? whole : played + text)
      return isNews ? [{ ...track, text }] : []
    })
  }
}

function tracksOf(view: AnswerView): readonly Track[] {
  const tracks: Track[] = [
    { channel: 'reasoning', number: 0, name: '', whole: view.reasoning },
    { channel: 'text', number: 0, name: '', whole: view.text },
    { channel: 'refusal', number: 0, name: '', whole: view.refusal },
  ]
  for (const [number, call] of view.toolCalls.entries()) {
    tracks.push({ channel: 'tool call', number, name: call.name, whole: call.arguments })
  }
  tracks.push({ channel: 'error', number: 0, name: '', whole: view.error ?? '' })
  return tracks
}

/** Half of a surrogate pair waits for its other half. */
function wholeCharacters(text: string, isLast: boolean): string {
  return !isLast && /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text
}
