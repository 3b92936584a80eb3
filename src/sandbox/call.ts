/** One request as a renderer sees it: matched against a route, its body read and its script known. */
import type { Answer } from './answer.ts'
import type { JsonObject } from './json.ts'
import type { Script } from './script.ts'

export type SandboxDialect = 'openai' | 'anthropic' | 'gemini' | 'bedrock' | 'ollama'

export interface Call {
  /** Decoded path segments that the route's pattern names. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly header: (name: string) => string | undefined
  readonly body: Buffer
  /** The body as JSON; empty where the route takes no JSON. */
  readonly json: JsonObject
  readonly script: Script
  /** Letters and digits that depend only on the body, for the ids inside the answer. */
  readonly id: string
  /** A failure in the error shape of the dialect. */
  readonly refuse: (status: number, message: string) => Answer
}

export type Renderer = (call: Call) => Answer

/** Every object the sandbox makes was made at this moment, so that answers are the same every time. Unix seconds. */
export const CREATED = 1767225600
export const CREATED_ISO = '2026-01-01T00:00:00Z'
