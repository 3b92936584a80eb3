/** Finds the few fields the sandbox needs in a multipart/form-data body, without reading the rest. */

/** The parts before the file come first in every SDK; what lies behind so many bytes is not looked for. */
const LOOK_BYTES = 1024 * 1024

/** Value of a text field, or null when the form has none of that name. */
export function formField(body: Buffer, name: string): string | null {
  const head = `name="${name}"`
  const look = body.subarray(0, LOOK_BYTES)
  const at = look.indexOf(head)
  if (at < 0) return null
  const start = look.indexOf('\r\n\r\n', at)
  const end = look.indexOf('\r\n--', start)
  return start < 0 || end < start + 4 ? null : look.toString('utf8', start + 4, end)
}

/** The name the first file of the form was given. */
export function formFileName(body: Buffer): string | null {
  const look = body.subarray(0, LOOK_BYTES).toString('utf8')
  return /filename="([^"\r\n]*)"/.exec(look)?.[1] ?? null
}
