/** Recognises the line that ends an Ollama stream. */
import { scanJson } from '../../lib/json/scan.ts'
import type { StreamFollower, StreamFraming } from '../../model/dialect.ts'
import { createNdjsonFollower } from '../framing/ndjson.ts'
import type { TerminalVerdict } from '../framing/event-judge.ts'
import { mediaType } from '../media-type.ts'

/** A line without any of these cannot be the last; most lines are let go by this alone. */
const MARKS = /"done"\s*:\s*true|"error"|"success"|\\u/u
const LIMITS = { depthMax: 512, elementsMax: 1_000_000 }

export function framing(contentType: string): StreamFraming {
  return mediaType(contentType) === 'application/x-ndjson' ? 'ndjson' : 'none'
}

export function follow(contentType: string): StreamFollower | null {
  return framing(contentType) === 'ndjson' ? createNdjsonFollower(judge) : null
}

/** Only members of the line itself count: tool arguments may hold a `done` of their own. */
function judge(line: Buffer): TerminalVerdict {
  if (!MARKS.test(line.toString('latin1'))) return 'no'
  const scan = scanJson(line, LIMITS)
  if (scan.kind === 'problem') return 'no'
  const { tape } = scan
  const kind = tape.kind(tape.member(tape.root, 'error'))
  if (kind !== null && kind !== 'null') return 'failed'
  const isLast =
    tape.boolean(tape.member(tape.root, 'done')) === true ||
    tape.text(tape.member(tape.root, 'status')) === 'success'
  return isLast ? 'end' : 'no'
}
