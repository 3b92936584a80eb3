/** Says why a receiver could not be reached, without its address: that may hold a secret. */
import { errorCode } from './error-code.ts'

const CHARS_MAX = 200
const ADDRESS = /\b[a-z][\w+.-]*:\/\/\S+/gi

export function failureReason(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  const code = errorCode(error.cause) || errorCode(error)
  return code === '' ? error.message.replaceAll(ADDRESS, '(address)').slice(0, CHARS_MAX) : code
}
