/** What the stream shapes of the dialects share: texts of channels, and how values are read from an event. */
import type { JsonTape, NodeRef } from '../lib/json/tape.ts'
import type { StreamedText } from '../model/stream-shape.ts'

/** Reasoning that the provider signs. */
const SIGNED: ReadonlySet<string> = new Set(['thinking', 'thought'])

export const repeatsNothing = (): null => null

export function streamedText(
  node: NodeRef,
  group: string,
  kind: string,
  more: Partial<StreamedText> = {},
): StreamedText {
  return { node, group, kind, isJson: false, isSigned: SIGNED.has(kind), tool: '', ...more }
}

export function isText(tape: JsonTape, node: NodeRef): boolean {
  return tape.kind(node) === 'string'
}

/** Zero where there is none. */
export function indexText(tape: JsonTape, node: NodeRef, key: string): string {
  return String(tape.number(tape.member(node, key)) ?? 0)
}
