/** Signs and posts events as Standard Webhooks has it: id, timestamp and body under HMAC-SHA-256; ids, names and numbers only. */
import { createHmac } from 'node:crypto'
import type { WebhookTarget } from '../../model/approval-settings.ts'
import { APPROVAL_STATES } from '../../model/approval.ts'
import type { Approval, ApprovalState } from '../../model/approval.ts'
import type { Post } from './post.ts'

export interface SignedEvent {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export async function postWebhook(
  post: Post,
  target: WebhookTarget,
  event: { readonly id: string; readonly atMs: number; readonly body: string },
): Promise<void> {
  const { headers, body } = signed(target.secret.reveal(), event)
  await post(target.url, headers, body)
}

export function signed(
  secret: string,
  { id, atMs, body }: { readonly id: string; readonly atMs: number; readonly body: string },
): SignedEvent {
  const seconds = String(Math.floor(atMs / 1000))
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const mac = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')
  return {
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': seconds,
      'webhook-signature': `v1,${mac}`,
    },
    body,
  }
}

/**
 * Without excerpts: a receiver that needs them asks the API as somebody who may read them. It tells how things were
 * after that step, so that a delivery that is repeated says the same under the same id.
 */
export function eventBody(approval: Approval, step: number, url: string): string {
  const { request, history, asks } = approval
  const transition = history[step]
  return JSON.stringify({
    type: `approval.${transition?.kind ?? 'changed'}`,
    timestamp: new Date(transition?.atMs ?? approval.createdAtMs).toISOString(),
    data: {
      approval: approval.id,
      state: stateAfter(approval, step),
      url,
      exchange: request.exchange,
      principal: request.principal,
      service: request.service,
      upstream: request.upstream,
      model: request.model,
      requestBytes: request.requestBytes,
      kinds: request.kinds,
      rules: asks.map(({ rule, title, approvers, quorum }) => ({ rule, title, approvers, quorum })),
      actor: transition?.actor ?? '',
      surface: transition?.surface ?? '',
      createdAt: new Date(approval.createdAtMs).toISOString(),
      expiresAt: new Date(approval.expiresAtMs).toISOString(),
    },
  })
}

function stateAfter({ history }: Approval, step: number): ApprovalState {
  const kinds = new Set<string>(history.slice(0, step + 1).map(({ kind }) => kind))
  return APPROVAL_STATES.find((state) => kinds.has(state)) ?? 'pending'
}
