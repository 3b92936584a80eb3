/** Reads the code that Node, the system and libraries put on their errors. */

/** Empty when it has none; the numbers of DOM exceptions are none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : ''
}

/** Of a file or folder that is not there. */
export function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT'
}
