/** Writes log lines to standard error without ever blocking the event loop or ending the process. */
import { write, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { errorCode } from '../lib/error-code.ts'
import type { LogSink } from './logger.ts'

/** Lines waiting for a reader that has stopped reading are dropped above this, so a stuck pipe cannot eat the memory. */
const WAITING_CHARS_MAX = 16 * 1024 * 1024

/** A reader that has stopped reading must not hold up a shutdown. */
const FLUSH_MS_MAX = 2000

/** Under load a write per line costs more than making the line: lines wait this long for company, or until they are this many. */
const GATHER_MS = 50
const GATHER_CHARS = 65_536

/** A pipe that is full is tried again after this long. */
const BUSY_MS = 50

/**
 * Standard error: standard output belongs to the commands. Lines that a full disk or a reader that has gone refuses are
 * lost, and the gateway goes on: its record is the evidence, not the log.
 */
export function standardErrorSink(fd = 2): LogSink {
  let gathered = ''
  let timer: NodeJS.Timeout | null = null
  let sending: Promise<void> | null = null

  const wait = (): void => {
    timer ??= setTimeout(() => void pass(), GATHER_MS)
  }
  const pass = (): Promise<void> => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (sending === null && gathered !== '') {
      const lines = Buffer.from(gathered)
      gathered = ''
      sending = writeAll(fd, lines).finally(() => {
        sending = null
        if (gathered === '') unsent.delete(atExit)
        else wait()
      })
    }
    return sending ?? Promise.resolve()
  }
  const passAll = async (): Promise<void> => {
    await pass()
    if (unsent.has(atExit)) await passAll()
  }
  const atExit = (): void => {
    try {
      writeSync(fd, gathered)
    } catch {
      // The process ends; there is nobody left to tell.
    }
  }
  return {
    write: (line) => {
      if (gathered.length + line.length > WAITING_CHARS_MAX) return
      gathered += line
      sayAtExit()
      unsent.add(atExit)
      if (gathered.length >= GATHER_CHARS && sending === null) void pass()
      else wait()
    },
    flush: () => Promise.race([passAll(), sleep(FLUSH_MS_MAX, undefined, { ref: false })]),
  }
}

/** What is left to write when the process ends without waiting, by sink. */
const unsent = new Set<() => void>()
let saysAtExit = false

function sayAtExit(): void {
  if (saysAtExit) return
  saysAtExit = true
  process.on('exit', () => {
    for (const say of unsent) say()
  })
}

const writeSome = promisify(write)

async function writeAll(fd: number, bytes: Buffer): Promise<void> {
  let left = bytes
  while (left.length > 0) {
    try {
      const { bytesWritten } = await writeSome(fd, left)
      left = left.subarray(bytesWritten)
    } catch (error) {
      const code = errorCode(error)
      if (code !== 'EAGAIN' && code !== 'EBUSY') return
      await sleep(BUSY_MS, undefined, { ref: false })
    }
  }
}
