/** Finds, in an answer that is one document, reasoning that the provider signed or encrypted. */
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import { NONE } from '../../lib/json/tape.ts'

export interface ReasoningParts {
  /** Elements and members that hold it. */
  readonly parts: readonly NodeRef[]
  /** Values that are encrypted: nobody can look into them. */
  readonly sealed: readonly NodeRef[]
}

/** Elements of these types are reasoning (Anthropic, OpenAI). */
const TYPES: ReadonlySet<string> = new Set(['thinking', 'redacted_thinking', 'reasoning'])
/** Members that are reasoning, and make their element one (Bedrock). */
const CONTENT = 'reasoningContent'
/** Members that are reasoning among other things (Gemini, routers of chat completions). */
const MEMBERS: ReadonlySet<string> = new Set([
  'thoughtSignature',
  'thought_signature',
  'reasoning_details',
])
const SEALED: ReadonlySet<string> = new Set(['encrypted_content', 'redactedContent'])
/** Arguments of tools and what callers attached: keys mean what they say there. */
const FREE: ReadonlySet<string> = new Set(['input', 'args', 'arguments', 'metadata', 'tools'])

export function reasoningParts(tape: JsonTape): ReasoningParts {
  const parts: NodeRef[] = []
  const sealed: NodeRef[] = []
  const walk = (node: NodeRef, isInside: boolean): void => {
    for (const child of tape.children(node)) {
      const key = tape.keyOf(child)
      if (key !== null && FREE.has(key)) continue
      if (isSealed(tape, node, child, key)) sealed.push(child)
      const found = !isInside && (key === null ? isReasoning(tape, child) : MEMBERS.has(key))
      if (found) parts.push(child)
      walk(child, isInside || found)
    }
  }
  walk(tape.root, false)
  return { parts, sealed }
}

function isReasoning(tape: JsonTape, element: NodeRef): boolean {
  if (TYPES.has(tape.text(tape.member(element, 'type')) ?? '')) return true
  if (tape.member(element, CONTENT) !== NONE) return true
  return tape.boolean(tape.member(element, 'thought')) === true
}

function isSealed(tape: JsonTape, holder: NodeRef, node: NodeRef, key: string | null): boolean {
  if (key === null || tape.kind(node) !== 'string') return false
  if (SEALED.has(key)) return true
  return key === 'data' && tape.text(tape.member(holder, 'type')) === 'redacted_thinking'
}
