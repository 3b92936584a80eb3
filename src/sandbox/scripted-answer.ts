/** Decides what the sandbox answers, in words that know no dialect: text, reasoning, tool call or failure. */
import { isObject, listIn, objectIn, parseJson, textIn } from './json.ts'
import type { Script } from './script.ts'
import { cachedTokens, tokensOf } from './tokens.ts'
import type { Usage } from './tokens.ts'
import { splitEvery, splitInto, stretch } from './split-text.ts'

export interface ToolOffer {
  readonly name: string
  /** JSON Schema of the arguments, as far as the caller gave one. */
  readonly schema: unknown
}

/** What a renderer read from the request of its dialect. */
export interface Prompt {
  readonly model: string
  /** Text of the last user message. */
  readonly userText: string
  /** Set when the last message is the result of a tool. */
  readonly toolResult: string | null
  readonly tools: readonly ToolOffer[]
  readonly inputTokens: number
}

export interface ScriptedCall {
  readonly name: string
  readonly input: Readonly<Record<string, unknown>>
  /** `input` as the model wrote it: JSON, or what a custom tool is given. */
  readonly json: string
  readonly fragments: readonly string[]
}

export interface ScriptedAnswer {
  readonly reasoning: string
  readonly reasoningPieces: readonly string[]
  readonly text: string
  readonly textPieces: readonly string[]
  readonly call: ScriptedCall | null
  readonly usage: Usage
  /** Milliseconds between pieces when streamed. */
  readonly intervalMs: number
  /** Milliseconds before the answer when not streamed. */
  readonly wholeDelayMs: number
}

export const PARAGRAPH =
  'Hello from the Custody sandbox! No provider key is set, so this built-in stand-in answered instead of a model. ' +
  'Your request passed through the gateway and was recorded like any other: look at it with `custody exchanges`. ' +
  'Ask the model `echo` to hear your own words back, or set a provider key to reach a real model.'

const SLOW_CHARACTERS = 4
const SLOW_INTERVAL_MS = 20
const SLOW_WHOLE_MAX_MS = 2000
/** Unscripted text comes in pieces of at least this many characters, and at most so many pieces. */
const PIECE_CHARACTERS = 12
const PIECES_MAX = 64

type Behaviour = 'echo' | 'echo-slow' | 'tool' | 'reasoning' | 'paragraph'

/** The name as a whole segment: `echo`, `models/echo`, `us.anthropic.echo-v1:0`, `echo:latest`; not `echoes`. */
const BEHAVIOUR =
  /(?:^|[./:@])(?:(?<name>echo-slow|echo|tool|reasoning)|error-(?<status>[45]\d\d))(?=$|[./:@]|-v?\d)/

function behaviourOf(model: string): Behaviour {
  const name = BEHAVIOUR.exec(model)?.groups?.['name']
  return name === 'echo' || name === 'echo-slow' || name === 'tool' || name === 'reasoning'
    ? name
    : 'paragraph'
}

/** The status `error-<status>` asks for, or null when the model does not fail. */
export function failureOf(model: string): number | null {
  const status = BEHAVIOUR.exec(model)?.groups?.['status']
  return status === undefined ? null : Number(status)
}

export function scriptedAnswer(prompt: Prompt, script: Script): ScriptedAnswer {
  const behaviour = behaviourOf(prompt.model)
  const call = scriptedCall(script) ?? (behaviour === 'tool' ? toolCall(prompt) : null)
  const reasoning =
    script.reasoning ??
    (behaviour === 'reasoning' ? `The user wrote: ${prompt.userText} One step is enough.` : '')
  const text = scriptedText(call === null ? plainText(behaviour, prompt) : '', script)
  const slow = behaviour === 'echo-slow'
  const textPieces = piecesOf(text, script, slow)
  const reasoningTokens = reasoning === '' ? 0 : tokensOf(reasoning)
  return {
    reasoning,
    reasoningPieces: piecesOf(reasoning, {}, slow),
    text,
    textPieces,
    call,
    usage: {
      input: prompt.inputTokens,
      cached: cachedTokens(prompt.inputTokens),
      output: reasoningTokens + tokensOf(text + (call?.json ?? '')),
      reasoning: reasoningTokens,
    },
    intervalMs: script.intervalMs ?? (slow ? SLOW_INTERVAL_MS : 0),
    wholeDelayMs: slow ? Math.min(SLOW_WHOLE_MAX_MS, textPieces.length * SLOW_INTERVAL_MS) : 0,
  }
}

function plainText(behaviour: Behaviour, prompt: Prompt): string {
  if (behaviour === 'echo' || behaviour === 'echo-slow') return prompt.userText
  if (behaviour !== 'tool') return PARAGRAPH
  return prompt.toolResult === null
    ? 'No tool was offered, so there is nothing to call.'
    : `The tool answered: ${prompt.toolResult}`
}

function scriptedText(plain: string, script: Script): string {
  const text = script.text ?? plain
  if (script.bytes !== undefined) return stretch(text || PARAGRAPH, script.bytes)
  const missing = script.text === undefined && text !== '' && text.length < (script.events ?? 0)
  return missing ? stretch(text, (script.events ?? 0) * SLOW_CHARACTERS) : text
}

function piecesOf(text: string, script: Script, slow: boolean): readonly string[] {
  if (script.events !== undefined) return splitInto(text, script.events)
  if (slow) return splitEvery(text, SLOW_CHARACTERS)
  return splitEvery(text, Math.max(PIECE_CHARACTERS, Math.ceil(text.length / PIECES_MAX)))
}

function scriptedCall({ call }: Script): ScriptedCall | null {
  return call === undefined ? null : callOf(call.name, call.input)
}

function callOf(name: string, json: string): ScriptedCall {
  return {
    name,
    input: objectIn(parseJson(json)),
    json,
    fragments: splitEvery(json, PIECE_CHARACTERS),
  }
}

/** A call of the first tool offered; null when none is offered or a tool has just answered. */
function toolCall(prompt: Prompt): ScriptedCall | null {
  const [tool] = prompt.tools
  if (tool === undefined || prompt.toolResult !== null) return null
  const asked = parseJson(prompt.userText)
  const json = isObject(asked) ? prompt.userText : JSON.stringify(argumentsFor(tool.schema))
  return callOf(tool.name, json)
}

const DEPTH_MAX = 4

/** Plausible arguments: every property of the schema, filled by its type and, for text, its own name. */
function argumentsFor(schema: unknown): Record<string, unknown> {
  return objectFor(objectIn(schema), 0)
}

function objectFor(schema: Readonly<Record<string, unknown>>, depth: number) {
  const filled: Record<string, unknown> = {}
  if (depth > DEPTH_MAX) return filled
  for (const [name, property] of Object.entries(objectIn(schema['properties']))) {
    filled[name] = valueFor(name, objectIn(property), depth + 1)
  }
  return filled
}

function valueFor(name: string, schema: Readonly<Record<string, unknown>>, depth: number): unknown {
  const choices = listIn(schema['enum'])
  if (choices.length > 0) return choices[0]
  const type = Array.isArray(schema['type']) ? schema['type'][0] : schema['type']
  // Gemini writes its types in capitals.
  switch (textIn(type).toLowerCase()) {
    case 'number':
    case 'integer':
      return 1
    case 'boolean':
      return true
    case 'array':
      return []
    case 'object':
      return objectFor(schema, depth)
    case 'null':
      return null
    default:
      return name
  }
}
