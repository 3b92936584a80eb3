/** Reads a text file that configuration is in, or that it names. */
import { readFileSync } from 'node:fs'
import { errorCode } from '../lib/error-code.ts'

export type TextFileReading =
  | { readonly kind: 'text'; readonly text: string }
  /** `fault` goes on from "the file". */
  | { readonly kind: 'unread'; readonly isAbsent: boolean; readonly fault: string }

export function readTextFile(path: string): TextFileReading {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
    return { kind: 'text', text }
  } catch (error) {
    const code = errorCode(error)
    return { kind: 'unread', isAbsent: code === 'ENOENT', fault: faultOf(code) }
  }
}

function faultOf(code: string): string {
  switch (code) {
    case 'ENOENT':
      return 'does not exist'
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return 'is not UTF-8'
    default:
      return `cannot be read (${code})`
  }
}
