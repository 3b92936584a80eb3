/** Reads `x-sandbox-script`, the knobs by which a test or the benchmark makes the sandbox answer or misbehave. */
import { isObject, parseJson } from './json.ts'

export const SCRIPT_HEADER = 'x-sandbox-script'

/** Every knob is optional; the header overrides what was given at start, knob by knob. */
export interface Script {
  /** Answers with this text instead of what the model name asks for. */
  readonly text?: string
  /** Adds (or replaces) the reasoning part. */
  readonly reasoning?: string
  /** Calls this tool; messages and responses say the text before it. `input`: JSON, or the text of a custom tool. */
  readonly call?: { readonly name: string; readonly input: string }
  /** Length of the answer text in bytes; the text is repeated or cut to it. */
  readonly bytes?: number
  /** Number of text events of a stream. A shorter text is repeated, unless `text` fixes it. */
  readonly events?: number
  /** Milliseconds between two text events. */
  readonly intervalMs?: number
  /** From 400: fails with this status in the dialect's own error shape. Below: the status of the answer. */
  readonly status?: number
  /** Extra answer headers; they replace headers of the same name. */
  readonly headers?: Readonly<Record<string, string>>
  readonly encoding?: 'gzip'
  /** Milliseconds before the answer headers. */
  readonly delayMs?: number
  /** Writes the answer in chunks of this many bytes, whatever the events are. */
  readonly chunkBytes?: number
  /** Destroys the connection (HTTP/2: resets the stream) after so many answer body bytes. */
  readonly cutAfterBytes?: number
  /** Destroys the connection instead of sending headers. */
  readonly cutBeforeHeaders?: boolean
  /** Stops once for `stallMs` (default 60,000) after so many answer body bytes. */
  readonly stallAfterBytes?: number
  readonly stallMs?: number
  /** Puts garbage into the middle of the stream, or cuts the JSON of a whole answer in half. */
  readonly malformed?: boolean
  /** Ends a stream in the middle with the dialect's own error event. */
  readonly failMidway?: boolean
}

export type ScriptReading =
  | { readonly kind: 'script'; readonly script: Script }
  | { readonly kind: 'problem'; readonly message: string }

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0
const isText = (value: unknown): boolean => typeof value === 'string'
const isFlag = (value: unknown): boolean => typeof value === 'boolean'
const isDuration = (value: unknown): boolean => typeof value === 'number' && value >= 0
const isHeaders = (value: unknown): boolean =>
  isObject(value) &&
  Object.entries(value).every(
    ([name, text]) =>
      /^[\w-]+$/.test(name) && typeof text === 'string' && /^[\x20-\x7e]*$/.test(text),
  )

const isCall = (value: unknown): boolean =>
  isObject(value) &&
  Object.keys(value).toSorted().join() === 'input,name' &&
  Object.values(value).every(isText)

const KNOBS: { readonly [Knob in keyof Required<Script>]: (value: unknown) => boolean } = {
  text: isText,
  reasoning: isText,
  call: isCall,
  bytes: isCount,
  events: isCount,
  intervalMs: isDuration,
  status: (value) => isCount(value) && Number(value) >= 200 && Number(value) <= 599,
  headers: isHeaders,
  encoding: (value) => value === 'gzip',
  delayMs: isDuration,
  chunkBytes: (value) => isCount(value) && value !== 0,
  cutAfterBytes: isCount,
  cutBeforeHeaders: isFlag,
  stallAfterBytes: isCount,
  stallMs: isDuration,
  malformed: isFlag,
  failMidway: isFlag,
}

function isKnob(name: string): name is keyof Script {
  return Object.hasOwn(KNOBS, name)
}

/** Lays the knobs of the header, if any, over `defaults`. A misspelt knob is a problem, never ignored. */
export function readScript(header: string | undefined, defaults: Script): ScriptReading {
  if (header === undefined) return { kind: 'script', script: defaults }
  const value = parseJson(header)
  if (!isObject(value)) return { kind: 'problem', message: `${SCRIPT_HEADER} is not a JSON object` }
  for (const [name, knob] of Object.entries(value)) {
    if (!isKnob(name)) {
      return { kind: 'problem', message: `${SCRIPT_HEADER} has no knob '${name}'` }
    }
    if (!KNOBS[name](knob)) {
      return {
        kind: 'problem',
        message: `${SCRIPT_HEADER} knob '${name}' has a value out of range`,
      }
    }
  }
  return { kind: 'script', script: { ...defaults, ...value } }
}
