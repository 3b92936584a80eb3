/** Judges a click in Slack: signed by Slack a moment ago, not seen before, by somebody who was verified to be a person we know. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { parseLoose, textAt } from '../../lib/json/loose.ts'
import type { SlackTarget } from '../../model/approval-settings.ts'
import { APPROVAL_CHOICES } from '../../model/approval.ts'
import type { ApprovalChoice } from '../../model/approval.ts'

/** As Slack advises. */
const WINDOW_MS = 5 * 60 * 1000
const SEEN_MAX = 10_000

export interface SlackCall {
  readonly timestamp: string
  readonly signature: string
  readonly body: string
}

export interface SlackClick {
  readonly approval: string
  readonly choice: ApprovalChoice
  /** Login of the person; null when the Slack user is not known to be anybody. */
  readonly login: string | null
}

export type SlackReading =
  | { readonly kind: 'click'; readonly click: SlackClick }
  /** Signed, and nothing to decide: a link was opened. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'forged' }

/** Threat: a request that was overheard is sent again. A signature counts once within its window. */
export class SlackDoor {
  readonly #seen = new Map<string, number>()

  read(target: SlackTarget, call: SlackCall, nowMs: number): SlackReading {
    if (!isSigned(target.signingSecret.reveal(), call, nowMs)) return { kind: 'forged' }
    if (this.#seen.has(call.signature)) return { kind: 'forged' }
    this.#remember(call.signature, nowMs)
    const click = clickOf(call.body, target)
    return click === null ? { kind: 'nothing' } : { kind: 'click', click }
  }

  #remember(signature: string, nowMs: number): void {
    for (const [known, atMs] of this.#seen) {
      if (nowMs - atMs <= 2 * WINDOW_MS && this.#seen.size < SEEN_MAX) break
      this.#seen.delete(known)
    }
    this.#seen.set(signature, nowMs)
  }
}

/** HMAC over `v0:timestamp:raw body`; the raw bytes, since any parsing could differ from Slack's. */
export function isSigned(secret: string, call: SlackCall, nowMs: number): boolean {
  const { timestamp, signature, body } = call
  if (secret === '' || !/^\d{1,12}$/.test(timestamp)) return false
  if (Math.abs(nowMs - Number(timestamp) * 1000) > WINDOW_MS) return false
  const wanted = `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`
  const given = Buffer.from(signature)
  return given.length === wanted.length && timingSafeEqual(given, Buffer.from(wanted))
}

function clickOf(body: string, target: SlackTarget): SlackClick | null {
  const payload = parseLoose(new URLSearchParams(body).get('payload') ?? '')
  const id = textAt(payload, 'actions', 0, 'action_id')
  const approval = textAt(payload, 'actions', 0, 'value')
  const user = textAt(payload, 'user', 'id')
  if (id === null || approval === null || user === null) return null
  const choice = APPROVAL_CHOICES.find((one) => id === `decide-${one}`)
  if (choice === undefined) return null
  const login = Object.hasOwn(target.people, user) ? (target.people[user] ?? null) : null
  return { approval, choice, login }
}
