/** Cuts a recorded answer into what each chunk added to each channel, so that it can be played at its original pace. */
import { setImmediate } from 'node:timers/promises'
import type { RecordedExchange } from '../evidence/reader.ts'
import type { AnswerView } from '../model/dialect.ts'
import type { AnswerReading } from './answer-reading.ts'
import type { ContentMode } from './content-view.ts'
import { maskText } from './masking.ts'

export interface ReplayPart {
  readonly channel: 'text' | 'reasoning' | 'refusal' | 'tool-call' | 'error'
  /** Tells tool calls apart. */
  readonly number: number
  readonly name: string
  readonly text: string
  /** Replaces what the channel had before: several choices grow in the middle of the text. */
  readonly restart: boolean
}

export interface ReplayStep {
  readonly chunk: number
  readonly atMs: number
  readonly bytes: number
  /** Of its first byte in the raw answer. */
  readonly offset: number
  /** Values that were masked in it. */
  readonly masks: number
  /** Values that were found in it and left as they were. */
  readonly findings: number
  readonly parts: readonly ReplayPart[]
}

export interface ReplayPage {
  readonly mode: ContentMode
  readonly from: number
  readonly limit: number
  /** Of each chunk, as `masksOfChunks` and `findingsOfChunks` count them. */
  readonly masks?: readonly number[]
  readonly findings?: readonly number[]
}

/** How many values that were masked begin in each chunk of the answer as received. */
export function masksOfChunks({ answerChunks, closing }: RecordedExchange): readonly number[] {
  return countsOfChunks(
    answerChunks,
    (closing?.answerSplices ?? []).map(({ start, masks = 1 }) => ({ at: start, count: masks })),
  )
}

/** How many values that were found and left as they were came whole with each chunk. */
export function findingsOfChunks({ answerChunks, closing }: RecordedExchange): readonly number[] {
  return countsOfChunks(
    answerChunks,
    (closing?.keptAt ?? []).toSorted((a, b) => a - b).map((at) => ({ at, count: 1 })),
  )
}

function countsOfChunks(
  chunks: RecordedExchange['answerChunks'],
  places: readonly { readonly at: number; readonly count: number }[],
): readonly number[] {
  const counts = chunks.map(() => 0)
  if (counts.length === 0) return counts
  let chunk = 0
  let end = chunks[0]?.bytes.length ?? 0
  for (const { at, count } of places) {
    while (at >= end && chunk < counts.length - 1) {
      chunk += 1
      end += chunks[chunk]?.bytes.length ?? 0
    }
    counts[chunk] = (counts[chunk] ?? 0) + count
  }
  return counts
}

/** Bytes read in all while the answer is put together chunk after chunk; above it several chunks are read as one. */
const READ_BYTES_MAX = 64 * 1024 * 1024
/** Between two breaths of the event loop. */
const READ_BYTES_PER_TURN = 1024 * 1024

export async function replaySteps(
  recorded: RecordedExchange,
  readAnswer: AnswerReading,
  page: ReplayPage,
): Promise<readonly ReplayStep[]> {
  const answer = await readAnswer(recorded)
  const body = Buffer.concat(answer.pieces)
  const ends: number[] = []
  for (const piece of answer.pieces) ends.push((ends.at(-1) ?? 0) + piece.length)
  const until = Math.min(recorded.answerChunks.length, page.from + page.limit)
  const stride = Math.max(1, Math.ceil((body.length * page.limit) / 2 / READ_BYTES_MAX))
  const channels = new Channels(page.mode === 'masked' ? maskText : (text) => text)
  const before = page.from === 0 ? null : answer.read(body.subarray(0, ends[page.from - 1] ?? 0))
  if (before !== null) channels.advance(before, false)
  const steps: ReplayStep[] = []
  let offset = recorded.answerChunks
    .slice(0, page.from)
    .reduce((sum, chunk) => sum + chunk.bytes.length, 0)
  let readSince = 0
  for (let chunk = page.from; chunk < until; chunk += 1) {
    const raw = recorded.answerChunks[chunk]
    if (raw === undefined) break
    const end = ends[chunk]
    // Chunks behind the last one that decodes add nothing.
    const isLast = chunk === Math.min(recorded.answerChunks.length, ends.length) - 1
    const isRead = end !== undefined && (isLast || chunk === until - 1 || chunk % stride === 0)
    const view = isRead ? answer.read(body.subarray(0, end)) : null
    steps.push({
      chunk,
      atMs: raw.atMs,
      bytes: raw.bytes.length,
      offset,
      masks: page.masks?.[chunk] ?? 0,
      findings: page.findings?.[chunk] ?? 0,
      parts: view === null ? [] : channels.advance(view, isLast),
    })
    offset += raw.bytes.length
    readSince += isRead ? end : 0
    if (readSince > READ_BYTES_PER_TURN) {
      readSince = 0
      await setImmediate()
    }
  }
  return steps
}

class Channels {
  readonly #show: (text: string) => string
  readonly #shown = new Map<string, string>()

  constructor(show: (text: string) => string) {
    this.#show = show
  }

  /** What `view` has beyond the view before it. */
  advance(view: AnswerView, isLast: boolean): readonly ReplayPart[] {
    return tracksOf(view).flatMap((track) => {
      const key = `${track.channel} ${track.number}`
      const before = this.#shown.get(key)
      const whole = isLast ? track.text : withoutHalf(track.text)
      if (whole === (before ?? '') && (track.name === '' || before !== undefined)) return []
      const grows = whole.startsWith(before ?? '')
      this.#shown.set(key, whole)
      const text = this.#show(grows ? whole.slice((before ?? '').length) : whole)
      return [{ ...track, text, restart: !grows }]
    })
  }
}

function tracksOf(view: AnswerView): readonly Omit<ReplayPart, 'restart'>[] {
  return [
    { channel: 'reasoning', number: 0, name: '', text: view.reasoning },
    { channel: 'text', number: 0, name: '', text: view.text },
    { channel: 'refusal', number: 0, name: '', text: view.refusal },
    ...view.toolCalls.map((call, number) => ({
      channel: 'tool-call' as const,
      number,
      name: call.name,
      text: call.arguments,
    })),
    { channel: 'error', number: 0, name: '', text: view.error ?? '' },
  ]
}

/** Half of a surrogate pair waits for its other half. */
function withoutHalf(text: string): string {
  return /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text
}
