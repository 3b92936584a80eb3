/** What a refused caller reads: rule, kinds and numbers in one line; never what was found. */
import type { Decision, RuleHit } from '../../model/decision.ts'
import { fail } from '../../model/errors.ts'
import type { GatewayError } from '../../model/errors.ts'

/** Null where the request may go on. */
export function denialOf(decision: Decision): GatewayError | null {
  if (decision.verdict !== 'deny') return null
  const hit = decidingHit(decision)
  return hit === null ? fail('policy.undecided') : fail('policy.denied', sentence(hit))
}

export function decidingHit({ deciding, hits }: Decision): RuleHit | null {
  return hits.find(({ rule }) => rule === deciding) ?? null
}

/** Most important first: several tools cut long messages off. */
export function sentence({ title, message, kinds }: RuleHit): string {
  const found = Object.entries(kinds).map(([kind, count]) => `${kind} ×${count}`)
  return [
    asSentence(title),
    ...(message === '' || asSentence(message) === asSentence(title) ? [] : [asSentence(message)]),
    ...(found.length === 0 ? [] : [`Found: ${found.join(', ')}.`]),
  ].join(' ')
}

function asSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
