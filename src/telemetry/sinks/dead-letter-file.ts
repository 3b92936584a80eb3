/** The dead letters of one sink on disk: a line for each, appended as they come and rewritten when people act on them. */
import { createReadStream } from 'node:fs'
import { open, rename, stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { isMissing } from '../../lib/error-code.ts'
import { jsonLine } from './formats.ts'
import type { SinkEvent } from './sink-event.ts'

/** Nothing is thrown away: with a full list of dead letters the sink waits for a person. */
const BYTES_MAX = 64 * 1024 * 1024
const WRITE_CHARS = 256 * 1024

const Letter = z.object({
  reason: z.string(),
  event: z.custom<SinkEvent>((value) => z.object({ id: z.string() }).safeParse(value).success),
  /** Lines of earlier versions have none of these. */
  atMs: z.number().nullable().default(null),
  attempts: z.number().default(1),
  /** Somebody asked for it to be sent again. */
  isAsked: z.boolean().default(false),
})
export type SinkLetter = Readonly<z.infer<typeof Letter>>

export interface DeadLetterFile {
  /** Lines in it, those too that are to be sent again. */
  readonly size: () => number
  /** False when there is no room. */
  readonly bury: (event: SinkEvent, reason: string, atMs: number) => Promise<boolean>
  /** The last `limit` that wait for a person, oldest first. */
  readonly waiting: (limit: number) => Promise<readonly SinkLetter[]>
  /** Those that are to be sent again, each once. */
  readonly asked: () => Promise<readonly SinkLetter[]>
  /** Null takes a letter out. */
  readonly change: (change: (letter: SinkLetter) => SinkLetter | null) => Promise<void>
}

export async function openDeadLetterFile(path: string): Promise<DeadLetterFile> {
  let size = 0
  for await (const line of linesOf(path)) size += line === '' ? 0 : 1
  // A console that is open asks every few seconds, and the file may be large.
  let listed: { readonly limit: number; readonly letters: readonly SinkLetter[] } | null = null
  // The sink buries while people act: one of them at a time.
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const done = turn.then(work)
    turn = done.catch(() => undefined)
    return done
  }
  return {
    size: () => size,
    bury: (event, reason, atMs) =>
      inTurn(async () => {
        if ((await bytesOf(path)) > BYTES_MAX) return false
        await using file = await open(path, 'a', 0o600)
        await file.writeFile(lineOf({ reason, event, atMs, attempts: 1, isAsked: false }))
        await file.datasync()
        size += 1
        listed = null
        return true
      }),
    waiting: (limit) =>
      inTurn(async () => {
        if (listed?.limit === limit) return listed.letters
        const last = new Map<string, SinkLetter>()
        for await (const line of linesOf(path)) {
          const letter = letterOf(line)
          if (letter === null || letter.isAsked) continue
          last.delete(letter.event.id)
          last.set(letter.event.id, letter)
          const [oldest] = last.keys()
          if (last.size > limit && oldest !== undefined) last.delete(oldest)
        }
        listed = { limit, letters: [...last.values()] }
        return listed.letters
      }),
    asked: () =>
      inTurn(async () => {
        const asked = new Map<string, SinkLetter>()
        for await (const line of linesOf(path)) {
          const letter = letterOf(line)
          if (letter?.isAsked === true) asked.set(letter.event.id, letter)
        }
        return [...asked.values()]
      }),
    change: (change) =>
      inTurn(async () => {
        listed = null
        size = await rewrite(path, (line) => {
          const letter = letterOf(line)
          // What cannot be read is kept as it is.
          if (letter === null) return `${line}\n`
          const next = change(letter)
          if (next === letter) return `${line}\n`
          return next === null ? '' : lineOf(next)
        })
      }),
  }
}

/** Gives how many lines are left. */
async function rewrite(path: string, change: (line: string) => string): Promise<number> {
  let left = 0
  {
    await using file = await open(`${path}.new`, 'w', 0o600)
    let text = ''
    for await (const line of linesOf(path)) {
      const next = line === '' ? '' : change(line)
      if (next !== '') left += 1
      text += next
      if (text.length < WRITE_CHARS) continue
      await file.appendFile(text)
      text = ''
    }
    await file.appendFile(text)
    await file.datasync()
  }
  await rename(`${path}.new`, path)
  return left
}

async function* linesOf(path: string): AsyncGenerator<string> {
  if ((await bytesOf(path)) === 0) return
  yield* createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })
}

async function bytesOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    // Any other fault is not an empty file: letters that were taken for none would be written over.
    if (isMissing(error)) return 0
    throw error
  }
}

function lineOf(letter: SinkLetter): string {
  return `${jsonLine(letter)}\n`
}

function letterOf(line: string): SinkLetter | null {
  try {
    return Letter.safeParse(JSON.parse(line)).data ?? null
  } catch {
    return null
  }
}
