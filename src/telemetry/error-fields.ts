/** Turns an error into log fields. Messages that may quote content are left out; where it happened is kept. */
import { errorCode } from '../lib/error-code.ts'
import { GatewayError } from '../model/errors.ts'
import type { LogFields } from './safe-fields.ts'

const FRAMES_MAX = 8
const CAUSES_MAX = 4

export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error }
  return {
    error: error.name,
    errorCode: errorCode(error) || undefined,
    errorMessage: messageOf(error),
    errorCause: causesOf(error),
    stack: framesOf(error),
  }
}

/** A SyntaxError of JSON.parse and an AssertionError quote their input; operating system errors and our own do not. */
function messageOf(error: Error): string | undefined {
  const fromSystem = 'syscall' in error || 'errno' in error
  const ours = error instanceof GatewayError
  const programming =
    error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError
  return ours || fromSystem || (programming && errorCode(error) === '') ? error.message : undefined
}

function causesOf(error: Error): string | undefined {
  const names: string[] = []
  for (let at = error.cause; at instanceof Error && names.length < CAUSES_MAX; at = at.cause) {
    names.push(errorCode(at) || at.name)
  }
  return names.length === 0 ? undefined : names.join(' < ')
}

/** Frames only: the lines before them repeat the message. */
function framesOf(error: Error): string | undefined {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return frames.length === 0
    ? undefined
    : frames
        .slice(0, FRAMES_MAX)
        .map((line) => line.trim())
        .join('\n')
}
