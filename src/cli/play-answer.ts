/** Plays the steps of an answer: on a terminal at a pace, or as JSON Lines. */
import { isUtf8 } from 'node:buffer'
import type { ReplayStep } from '../incident/replay-steps.ts'
import { systemClock } from '../lib/clock.ts'
import { visibleLine, visibleText } from '../lib/visible-text.ts'
import type { TokenUsage } from '../model/dialect.ts'
import { usageText } from './exchange-text.ts'
import { bytesText, durationText, say, writeJson, writeOut } from './output.ts'
import { pause } from './pause.ts'
import type { PlayedPart } from './played-channels.ts'
import { PlayedChannels } from './played-channels.ts'
import { terminal } from './terminal.ts'

export interface Pace {
  /** Null: no waiting at all. */
  readonly speed: number | null
  readonly maxWaitMs: number
}

export interface PlayableAnswer {
  readonly id: string
  readonly state: string
  readonly hasAnswer: boolean
  readonly chunks: number
  readonly steps: AsyncIterable<ReplayStep>
  readonly chunkBytes: (step: ReplayStep) => Promise<Buffer>
  /** Decoded; asked for when no step had anything to show. */
  readonly body: () => Promise<Buffer>
  /** Why it could not be decoded to its end; empty when it could. */
  readonly problem: string
  /** Null while the exchange is open. */
  readonly closing: {
    readonly finishReason: string | null
    readonly usage: TokenUsage
    readonly durationMs: number
  } | null
}

export async function playAnswer(
  answer: PlayableAnswer,
  pace: Pace,
  isJson: boolean,
  signal: AbortSignal,
): Promise<void> {
  const channels = new PlayedChannels()
  const screen = new Screen()
  for await (const step of paced(answer.steps, pace, signal)) {
    const parts = channels.next(step.parts, step.chunk === answer.chunks - 1)
    if (isJson) await writeJson(chunkJson(answer, step, await answer.chunkBytes(step), parts))
    else for (const part of parts) await writeOut(screen.show(part))
  }
  if (isJson) return
  if (signal.aborted) await writeOut(`${screen.end()}-- stopped\n`)
  else await writeOut(`${await wholeText(answer, screen)}${screen.end()}${endLine(answer)}\n`)
  if (answer.problem !== '')
    say(`warning: the answer was not decoded to its end: ${visibleLine(answer.problem)}`)
}

/** Starts with the first chunk at once; the clock, not the sum of the pauses, keeps the time. */
async function* paced(
  steps: AsyncIterable<ReplayStep>,
  { speed, maxWaitMs }: Pace,
  signal: AbortSignal,
): AsyncGenerator<ReplayStep> {
  let dueMs = 0
  let lastMs: number | null = null
  for await (const step of steps) {
    if (lastMs === null) dueMs = systemClock.monotonicMs()
    if (speed !== null) {
      dueMs += Math.min(Math.max(0, step.atMs - (lastMs ?? step.atMs)) / speed, maxWaitMs)
      const waits = dueMs - systemClock.monotonicMs()
      if (waits > 1) await pause(waits, signal)
    }
    if (signal.aborted) return
    lastMs = step.atMs
    yield step
  }
}

function chunkJson(
  { id, state }: PlayableAnswer,
  { atMs }: ReplayStep,
  bytes: Buffer,
  parts: readonly PlayedPart[],
) {
  const textOf = (channel: PlayedPart['channel']): string =>
    parts
      .filter((part) => part.channel === channel)
      .map((part) => part.text)
      .join('')
  const reasoning = textOf('reasoning')
  const calls = parts.filter((part) => part.channel === 'tool-call')
  return {
    id,
    state,
    atMs,
    bytes: bytes.toString('base64'),
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
  readonly #hasColour = terminal().out.isTTY && terminal().env['NO_COLOR'] === undefined
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
        out += `${this.end()}-- ${part.channel.replace('-', ' ')}${part.name === '' ? '' : ` ${visibleLine(part.name)}`}\n`
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
async function wholeText(answer: PlayableAnswer, screen: Screen): Promise<string> {
  if (!screen.isEmpty || !answer.hasAnswer) return ''
  const body = await answer.body()
  if (body.length === 0) return ''
  if (!isUtf8(body)) return `-- not text: ${bytesText(body.length)}; --json gives the bytes\n`
  return screen.show({ channel: 'text', number: 0, name: '', text: body.toString('utf8') })
}

function endLine({ state, hasAnswer, chunks, closing }: PlayableAnswer): string {
  const count = `${chunks} chunk${chunks === 1 ? '' : 's'}`
  const parts = [state, hasAnswer ? count : 'no answer is recorded']
  if (closing !== null) {
    parts.push(
      `finish ${closing.finishReason ?? 'not reported'}`,
      `usage ${usageText(closing.usage)}`,
    )
    parts.push(`took ${durationText(closing.durationMs)}`)
  }
  return visibleLine(`-- ${parts.join('; ')}`)
}
