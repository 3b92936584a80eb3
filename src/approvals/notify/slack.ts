/** Cards in Slack: Block Kit with escaped texts, posted once and rewritten when the approval changes. */
import type { SlackTarget } from '../../model/approval-settings.ts'
import type { Approval, ApprovalChoice, Excerpt } from '../../model/approval.ts'
import { callSlack } from './call-slack.ts'
import type { Post } from './post.ts'

/** Of Slack, for the text of one section; and ours, so that a card stays one screen. */
const SECTION_CHARS_MAX = 2_900
const TEXT_CHARS_MAX = 300

/** Threat: a prompt that mentions a channel, links somewhere or breaks the card. Slack reads only these three as markup. */
export function escaped(text: string, max = TEXT_CHARS_MAX): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
  const short = line.length > max ? `${line.slice(0, max)}…` : line
  return (
    short
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      // A zero-width space keeps *bold*, _italics_, ~strikes~ and `code` of the prompt from being drawn.
      .replaceAll(/[*_~`]/g, '$&\u200B')
  )
}

export interface SlackCard {
  readonly approval: Approval
  readonly excerpts: readonly Excerpt[]
  readonly url: string
}

function slackMessage({ approval, excerpts, url }: SlackCard, channel: string) {
  const title = approval.asks.map((ask) => escaped(ask.title, 150)).join('; ')
  return {
    channel,
    text: `${stateWord(approval)}: ${title}`,
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      section(`*${stateWord(approval)}: ${title}*\n${reasonOf(approval)}`),
      section(whoOf(approval)),
      ...(excerpts.length === 0 ? [] : [section(excerptsOf(excerpts))]),
      { type: 'context', elements: [{ type: 'mrkdwn', text: footOf(approval) }] },
      ...(approval.state === 'pending' ? [buttonsOf(approval, url)] : []),
    ],
  }
}

const section = (text: string) => ({
  type: 'section',
  text: { type: 'mrkdwn', text: text.slice(0, SECTION_CHARS_MAX), verbatim: true },
})

function stateWord({ state }: Approval): string {
  return state === 'pending' ? 'Waits for approval' : state.charAt(0).toUpperCase() + state.slice(1)
}

function reasonOf({ request, asks }: Approval): string {
  const kinds = request.kinds.map(({ entity, count }) => `${entity} ×${count}`).join(', ')
  const said = asks.map(({ message }) => escaped(message)).join(' ')
  return `${said} ${kinds === '' ? 'Goes' : `Sends ${kinds}`} to ${escaped(request.model || 'a model')} at ${escaped(request.upstream)}.`
}

function whoOf({ request }: Approval): string {
  const claims = Object.entries(request.claims)
    .slice(0, 4)
    .map(([name, value]) => `${escaped(name, 40)} ${escaped(value, 80)}`)
  const service = request.service === '' ? [] : [`service ${escaped(request.service)}`]
  return [
    `*${escaped(request.principal)}* (${request.principalKind}, by ${request.proof})`,
    ...service,
    ...claims,
  ].join(' · ')
}

function excerptsOf(excerpts: readonly Excerpt[]): string {
  return excerpts
    .slice(0, 5)
    .map(({ text, fresh }) => `> ${fresh ? '' : '(carried over) '}${escaped(text)}`)
    .join('\n')
}

function footOf(approval: Approval): string {
  const { asks, votes, history } = approval
  const quorum = asks.map((ask) => `${votes.length} of ${ask.quorum}`).join(', ')
  const last = history.at(-1)
  const end =
    approval.state === 'pending' || last === undefined
      ? `expires <!date^${Math.floor(approval.expiresAtMs / 1000)}^{time}|${new Date(approval.expiresAtMs).toISOString()}>`
      : `${escaped(last.actor || 'nobody')}${last.reason === '' ? '' : `: ${escaped(last.reason)}`}`
  return [approval.id, quorum, `policy ${approval.request.policy.slice(0, 12)}`, end].join(' · ')
}

const LABELS: Readonly<Record<ApprovalChoice, string>> = {
  once: 'Approve once',
  masked: 'Approve masked',
  conversation: 'Approve this conversation',
  deny: 'Deny',
}

/** What needs a reason or a fresh login is decided where the link leads. */
function buttonsOf(approval: Approval, url: string) {
  const { terms, request } = approval
  const open = { type: 'button', text: plain('Open'), url, action_id: 'open' }
  if (terms.highAssurance || terms.reasonRequired) return { type: 'actions', elements: [open] }
  const choices: ApprovalChoice[] = [
    'once',
    ...(request.kinds.length > 0 ? (['masked'] as const) : []),
    ...(terms.grants === 'conversation' && request.conversation !== null
      ? (['conversation'] as const)
      : []),
    'deny',
  ]
  const buttons = choices.map((choice) => ({
    type: 'button',
    text: plain(LABELS[choice]),
    action_id: `decide-${choice}`,
    value: approval.id,
    ...(choice === 'deny' ? { style: 'danger' } : choice === 'once' ? { style: 'primary' } : {}),
  }))
  return { type: 'actions', elements: [...buttons, open] }
}

const plain = (text: string) => ({ type: 'plain_text', text })

/** Posts a new card, or rewrites the one that `reference` names; gives the name of the message. */
export async function tellSlack(
  post: Post,
  target: SlackTarget,
  card: SlackCard,
  reference: string | null,
): Promise<string> {
  const message = slackMessage(card, target.channel)
  const method = reference === null ? 'chat.postMessage' : 'chat.update'
  const body = reference === null ? message : { ...message, ts: reference }
  return (await callSlack(post, target, method, body)) ?? reference ?? ''
}
