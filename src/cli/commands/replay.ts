/** `custody replay <id>`: plays an answer in the terminal as the caller saw it come, at its own pace. */
import type { Command } from 'commander'
import { recordedAnswer } from '../../app/recorded-answer.ts'
import type { RecordedExchange } from '../../evidence/reader.ts'
import type { ReadableAnswer } from '../../incident/answer-reading.ts'
import type { ReplayStep } from '../../incident/replay-steps.ts'
import { replaySteps } from '../../incident/replay-steps.ts'
import { openDataFolder } from '../data-folder.ts'
import { withFolderOrServer } from '../data-options.ts'
import { exchangeIdFrom, findExchange, reportProblems } from '../find-exchange.ts'
import { configFor } from '../load.ts'
import { EXIT, failWith } from '../output.ts'
import type { Pace, PlayableAnswer } from '../play-answer.ts'
import { playAnswer } from '../play-answer.ts'
import { readDuration } from '../read-duration.ts'
import { checkReveal, remoteExchange } from '../remote/remote-exchange.ts'
import type { RemoteExchange, RevealOptions } from '../remote/remote-exchange.ts'
import { remoteClosing } from '../remote/remote-shown.ts'
import { serverFor } from '../remote/server-options.ts'
import type { ServerOptions } from '../remote/server-options.ts'
import { stopSignal } from '../stop-signal.ts'

interface ReplayOptions extends ServerOptions, RevealOptions {
  readonly speed?: string
  readonly maxWait?: string
  readonly json?: boolean
}

const STEPS_PER_PAGE = 500

export function registerReplay(program: Command): void {
  withFolderOrServer(
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
      .option('--reveal', 'with --server: content as it was, for investigators; it is recorded')
      .option('--reason <text>', 'why it is revealed'),
  ).action(replay)
}

async function replay(text: string, options: ReplayOptions): Promise<void> {
  const pace = readPace(options)
  if (typeof pace === 'string') return failWith(EXIT.usage, pace)
  const id = exchangeIdFrom(text)
  if (id === null) return
  const api = serverFor(options)
  checkReveal(options, api !== null)
  using stop = stopSignal()
  if (api !== null) {
    const remote = await remoteExchange(api, id, {
      ...options,
      mode: 'masked',
      isContentNeeded: true,
    })
    await playAnswer(remotePlayable(remote), pace, options.json === true, stop.signal)
    reportProblems({ problems: remote.content?.problems ?? [] })
    return
  }
  const { config } = configFor({ data: options.data, config: options.config })
  await using data = await openDataFolder(config)
  if (data === null) return
  const exchange = await findExchange(data, id, 'replay')
  if (exchange === null) return
  await playAnswer(await playable(exchange), pace, options.json === true, stop.signal)
  reportProblems(exchange)
}

async function playable(exchange: RecordedExchange): Promise<PlayableAnswer> {
  const { row, closing, answerHead, answerChunks } = exchange
  const answer = await recordedAnswer(exchange)
  return {
    id: row.id,
    state: row.state,
    hasAnswer: answerHead !== null,
    chunks: answerChunks.length,
    steps: stepsOf(exchange, answer),
    chunkBytes: ({ chunk }) => Promise.resolve(answerChunks[chunk]?.bytes ?? Buffer.alloc(0)),
    body: () => Promise.resolve(Buffer.concat(answer.pieces)),
    problem: answer.problem,
    closing,
  }
}

function remotePlayable(remote: RemoteExchange): PlayableAnswer {
  const { detail, content } = remote
  const closing = remoteClosing(detail)
  let whole: Promise<Buffer> | null = null
  return {
    id: detail.exchange.id,
    state: detail.exchange.state,
    hasAnswer: content !== null && content.answer.head !== null,
    chunks: content?.answer.chunks ?? 0,
    steps: remote.steps(),
    chunkBytes: async ({ offset, bytes }) => {
      whole ??= remote.raw('answer', false)
      return (await whole).subarray(offset, offset + bytes)
    },
    body: () => remote.raw('answer', true),
    problem: content?.answer.problem ?? '',
    closing: closing === null ? null : { ...closing, finishReason: detail.exchange.finishReason },
  }
}

async function* stepsOf(
  exchange: RecordedExchange,
  answer: ReadableAnswer,
): AsyncGenerator<ReplayStep> {
  const read = (): Promise<ReadableAnswer> => Promise.resolve(answer)
  for (let from = 0; from < exchange.answerChunks.length; from += STEPS_PER_PAGE) {
    yield* await replaySteps(exchange, read, { mode: 'revealed', from, limit: STEPS_PER_PAGE })
  }
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
