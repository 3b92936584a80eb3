/** `custody replay <id>`: plays an answer in the terminal as the caller saw it come, at its own pace. */
import { isUtf8 } from 'node:buffer'
import type { Command } from 'commander'
import type { RecordedChunk, RecordedExchange } from '../../evidence/reader.ts'
import { systemClock } from '../../lib/clock.ts'
import { visibleLine, visibleText } from '../../lib/visible-text.ts'
import { AnswerPlayback } from '../answer-playback.ts'
import type { PlayedPart } from '../answer-playback.ts'
import { openDataFolder } from '../data-folder.ts'
import { usageText } from '../exchange-text.ts'
import { exchangeIdFrom, findExchange, reportProblems } from '../find-exchange.ts'
import { configFor } from '../load.ts'
import { EXIT, bytesText, durationText, failWith, say, writeJson, writeOut } from '../output.ts'
import { pause } from '../pause.ts'
import { readDuration } from '../read-duration.ts'
import { recordedAnswer } from '../recorded-answer.ts'
import { stopSignal } from '../stop-signal.ts'

interface ReplayOptions {
  readonly speed?: string
  readonly maxWait?: string
  readonly json?: boolean
  readonly data?: string
  readonly config?: string
}

interface Pace {
  /** Null: no waiting at all. */
  readonly speed: number | null
  readonly maxWaitMs: number
}

export function registerReplay(program: Command): void {
  program
    .command('replay')
    .description('play an answer in the terminal at its original pace')
    .argument('<id>', 'exchange id')
    .option('--speed <number>', 'times faster: 2, 10, 0.5 (default 1)')
    .option(
      '--max-wait <duration>',
      'longest pause between two chunks, such as 2s or 500ms (default as recorded)',
    )
    .option(
      '--json',
      'JSON Lines: each chunk with its time, bytes and text; waits only with --speed',
    )
    .option('--data <folder>', 'data folder (default ./custody-data)')
    .option('--config <file>', 'custody.yaml')
    .action(replay)
}

async function replay(text: string, options: ReplayOptions): Promise<void> {
  const pace = readPace(options)
  if (typeof pace === 'string') return failWith(EXIT.usage, pace)
  const id = exchangeIdFrom(text)
  if (id === null) return
  const { config } = configFor({ data: options.data, config: options.config })
  using stop = stopSignal()
  await using data = await openDataFolder(config)
  if (data === null) return
  const exchange = await findExchange(data, id)
  if (exchange === null) return
  const answer = await recordedAnswer(exchange)
  const playback = new AnswerPlayback(answer)
  const screen = new Screen()
  for await (const chunk of paced(exchange.answerChunks, pace, stop.signal)) {
    const parts = playback.next()
    if (options.json === true) await writeJson(chunkJson(exchange, chunk, parts))
    else for (const part of parts) await writeOut(screen.show(part))
  }
  if (options.json !== true) {
    if (stop.signal.aborted) await writeOut(`${screen.end()}-- stopped\n`)
    else await writeOut(`${wholeText(playback, screen)}${screen.end()}${endLine(exchange)}\n`)
    if (answer.problem !== '')
      say(`warning: the answer was not decoded to its end: ${answer.problem}`)
  }
  reportProblems(exchange)
}

/** The problem as text when the options make no sense. */
function readPace({ speed, maxWait, json }: ReplayOptions): Pace | string {
  const factor = speed === undefined ? 1 : Number(speed)
  if (!(factor > 0 && factor < 1e6) || speed?.trim() === '') return '--speed takes a number above 0'
  const maxWaitMs = maxWait === undefined ? Number.POSITIVE_INFINITY : waitMs(maxWait)
  if (maxWaitMs === null) return '--max-wait takes a duration such as 2s or 500ms'
  return { speed: json === true && speed === undefined ? null : factor, maxWaitMs }
}

function waitMs(text: string): number | null {
  const ms = /^(\d{1,6})ms$/.exec(text)?.[1]
  if (ms !== undefined) return Number(ms)
  const reading = readDuration(text)
  return reading.kind === 'duration' ? reading.ms : null
}

/** Starts with the first chunk at once; the clock, not the sum of the pauses, keeps the time. */
async function* paced(
  chunks: readonly RecordedChunk[],
  { speed, maxWaitMs }: Pace,
  signal: AbortSignal,
): AsyncGenerator<RecordedChunk> {
  let dueMs = systemClock.monotonicMs()
  let lastMs = chunks[0]?.atMs ?? 0
  for (const chunk of chunks) {
    if (speed !== null) {
      dueMs += Math.min(Math.max(0, chunk.atMs - lastMs) / speed, maxWaitMs)
      const waits = dueMs - systemClock.monotonicMs()
      if (waits > 1) await pause(waits, signal)
    }
    if (signal.aborted) return
    lastMs = chunk.atMs
    yield chunk
  }
}

function chunkJson({ row }: RecordedExchange, chunk: RecordedChunk, parts: readonly PlayedPart[]) {
  const textOf = (channel: PlayedPart['channel']): string =>
    parts
      .filter((part) => part.channel === channel)
      .map((part) => part.text)
      .join('')
  const reasoning = textOf('reasoning')
  const calls = parts.filter((part) => part.channel === 'tool call')
  return {
    id: row.id,
    state: row.state,
    atMs: chunk.atMs,
    bytes: chunk.bytes.toString('base64'),
    text: textOf('text'),
    ...(reasoning === '' ? {} : { reasoning }),
    ...(calls.length === 0
      ? {}
      : { toolCalls: calls.map(({ number, name, text }) => ({ number, name, arguments: text })) }),
  }
}

const DIM = '\u001b[2m'
const PLAIN = '\u001b[0m'

/** Text flows as it came; every other channel is announced by a line of ours and, on a terminal, dimmed. */
class Screen {
  readonly #hasColour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined
  #channel = ''
  #isAtStart = true

  get isEmpty(): boolean {
    return this.#channel === ''
  }

  show(part: PlayedPart): string {
    const channel = `${part.channel} ${part.number}`
    let out = ''
    if (channel !== this.#channel) {
      const isPlain = part.channel === 'text' && this.#channel === ''
      if (!isPlain)
        out += `${this.end()}-- ${part.channel}${part.name === '' ? '' : ` ${visibleLine(part.name)}`}\n`
      this.#channel = channel
    }
    const text = visibleText(part.text)
    this.#isAtStart = text.endsWith('\n')
    return out + (this.#hasColour && part.channel !== 'text' ? `${DIM}${text}${PLAIN}` : text)
  }

  /** Brings the cursor to the start of a line. */
  end(): string {
    const out = this.#isAtStart ? '' : '\n'
    this.#isAtStart = true
    return out
  }
}

/** An answer without text of a model, such as a list or an embedding, is shown as it is when it is text. */
function wholeText(playback: AnswerPlayback, screen: Screen): string {
  const { body } = playback
  if (!screen.isEmpty || body.length === 0) return ''
  if (!isUtf8(body)) return `-- not text: ${bytesText(body.length)}; --json gives the bytes\n`
  return screen.show({ channel: 'text', number: 0, name: '', text: body.toString('utf8') })
}

function endLine({ row, closing, answerChunks, answerHead }: RecordedExchange): string {
  const count = `${answerChunks.length} chunk${answerChunks.length === 1 ? '' : 's'}`
  const parts = [row.state, answerHead === null ? 'no answer is recorded' : count]
  if (closing !== null) {
    parts.push(
      `finish ${closing.finishReason ?? 'not reported'}`,
      `usage ${usageText(closing.usage)}`,
    )
    parts.push(`took ${durationText(closing.durationMs)}`)
  }
  return visibleLine(`-- ${parts.join('; ')}`)
}
