/** Names what a caller has said so far, so that a lock holds for whatever continues it, though no id was declared. */
import { hash } from 'node:crypto'

const CONTEXT_CHARS = 32
const CALLER_CHARS = 10
const SHAPE = new RegExp(`^cx_([0-9a-f]{${CONTEXT_CHARS}})([0-9a-f]{${CALLER_CHARS}})$`)

export interface LinkedConversation {
  /** Keyed digest of the context, as `ContextLinks.end` has it. */
  readonly end: string
  readonly caller: string
}

/** The same words of two callers are two conversations. */
export function linkedConversation(principal: string, end: string): string {
  return `cx_${end}${callerOf(principal)}`
}

/** Null when it is no such name. */
export function readLinkedConversation(name: string): LinkedConversation | null {
  const [, end, caller] = SHAPE.exec(name) ?? []
  return end === undefined || caller === undefined ? null : { end, caller }
}

export function isOfCaller({ caller }: LinkedConversation, principal: string): boolean {
  return callerOf(principal) === caller
}

function callerOf(principal: string): string {
  return hash('sha256', `caller\0${principal}`, 'hex').slice(0, CALLER_CHARS)
}
