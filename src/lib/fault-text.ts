/** Says what an unexpected error was and where, without its message: that may quote the text that was read. */
import { basename } from 'node:path'
import { errorCode } from './error-code.ts'

const FRAME = /\n\s+at (?:async )?(?:(?<what>[^\n(]+) \()?(?<file>[^\n()]+?):(?<line>\d+):\d+\)?/
const WORD = /^\w{1,60}$/

export function faultText(error: unknown): string {
  if (!(error instanceof Error)) return 'an error of no kind'
  const code = errorCode(error)
  const { what, file, line } = FRAME.exec(error.stack ?? '')?.groups ?? {}
  const place = file === undefined ? '' : `at ${what ?? ''} ${basename(file)}:${line ?? ''}`
  return [WORD.test(error.name) ? error.name : 'Error', WORD.test(code) ? code : '', place]
    .filter(Boolean)
    .join(' ')
    .replaceAll(/ {2,}/g, ' ')
}
