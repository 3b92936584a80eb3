/** Whether an error is of the machine at this moment and not of what was read: the same may succeed in a while. */

/** `ENOENT`: a file was put in its place, or taken away, between looking for it and opening it. */
const CODES = new Set([
  'EAGAIN',
  'EBUSY',
  'ECONNREFUSED',
  'ECONNRESET',
  'EINTR',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOENT',
  'ENOMEM',
  'ENOSPC',
  'EPIPE',
  'ESTALE',
  'ETIMEDOUT',
])
/** Primary result codes of SQLite: busy, locked, no memory, input or output, full, cannot open. */
const SQLITE_CODES = new Set([5, 6, 7, 10, 13, 14])
/** Classes of PostgreSQL: connection, resources, stopped or starting. */
const POSTGRES_CODES = /^(?:08\w{3}|53\w{3}|57P0\d)$/
const CAUSES_MAX = 8

export function isPassingFault(error: unknown): boolean {
  let at = error
  for (let depth = 0; at instanceof Error && depth < CAUSES_MAX; depth += 1) {
    if ('code' in at && typeof at.code === 'string') {
      if (CODES.has(at.code) || POSTGRES_CODES.test(at.code)) return true
    }
    if ('errcode' in at && typeof at.errcode === 'number') {
      if (SQLITE_CODES.has(at.errcode & 0xff)) return true
    }
    at = at.cause
  }
  return false
}
