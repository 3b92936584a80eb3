/** Tells a message that a person wrote to the receivers that approvals are told to; each answers for itself. */
import { errorCode } from '../../lib/error-code.ts'
import { failureReason } from '../../lib/failure-reason.ts'
import type { ApprovalSettings } from '../../model/approval-settings.ts'
import { callSlack } from './call-slack.ts'
import { plainText } from './links.ts'
import { post } from './post.ts'
import { escaped } from './slack.ts'
import { postWebhook } from './webhook.ts'

export interface PeopleMessage {
  /** The same when it is sent again. */
  readonly id: string
  readonly atMs: number
  /** What the webhook calls it. */
  readonly type: string
  readonly subject: string
  readonly text: string
  readonly url: string
  /** Id of what it is about. */
  readonly about: string
}

export interface Told {
  readonly receiver: string
  /** Empty when it took it. */
  readonly problem: string
}

/** `webhook NAME`, `slack`, `teams NAME`, `email`. */
export function receiversOf(settings: ApprovalSettings): readonly string[] {
  return [
    ...settings.webhooks.map(({ name }) => `webhook ${name}`),
    ...(settings.slack === null ? [] : ['slack']),
    ...settings.teams.map(({ name }) => `teams ${name}`),
    ...(settings.email === null ? [] : ['email']),
  ]
}

export async function tellPeople(
  settings: ApprovalSettings,
  receivers: readonly string[],
  message: PeopleMessage,
): Promise<readonly Told[]> {
  return Promise.all(
    receivers.map(async (receiver): Promise<Told> => {
      try {
        await tell(settings, receiver, message)
        return { receiver, problem: '' }
      } catch (error) {
        return { receiver, problem: reasonOf(error) }
      }
    }),
  )
}

async function tell(
  settings: ApprovalSettings,
  receiver: string,
  message: PeopleMessage,
): Promise<void> {
  const [kind = '', name = ''] = receiver.split(' ')
  const { subject, text, url } = message
  const webhook = settings.webhooks.find((one) => one.name === name)
  if (kind === 'webhook' && webhook !== undefined) {
    const { id, atMs, type, about } = message
    const body = JSON.stringify({
      type,
      timestamp: new Date(atMs).toISOString(),
      data: { about, subject, text, url },
    })
    return postWebhook(post, webhook, { id: `${id}-${name}`, atMs, body })
  }
  const teams = settings.teams.find((one) => one.name === name)
  if (kind === 'teams' && teams !== undefined) {
    await post(teams.url.reveal(), { 'content-type': 'application/json' }, teamsCard(message))
    return
  }
  if (kind === 'slack' && settings.slack !== null) {
    await callSlack(post, settings.slack, 'chat.postMessage', {
      channel: settings.slack.channel,
      text: `${escaped(subject)}\n${text
        .split('\n')
        .map((line) => escaped(line, LINE_CHARS_MAX))
        .join('\n')}\n${url}`,
      unfurl_links: false,
      unfurl_media: false,
    })
    return
  }
  if (kind === 'email' && settings.email !== null) {
    const { createTransport } = await import('nodemailer')
    const transport = createTransport(settings.email.smtpUrl.reveal())
    try {
      await transport.sendMail({
        from: settings.email.from,
        to: [...settings.email.to],
        subject: subject.replaceAll(/[\p{Cc}\s]+/gu, ' ').slice(0, 200),
        text: `${text}\n\n${url}\n`,
        disableFileAccess: true,
        disableUrlAccess: true,
      })
    } finally {
      transport.close()
    }
    return
  }
  throw new Error('no such receiver is configured')
}

const LINE_CHARS_MAX = 900

function teamsCard({ subject, text, url }: PeopleMessage): string {
  const block = (said: string, more: object = {}): object => ({
    type: 'TextBlock',
    text: plainText(said, LINE_CHARS_MAX),
    wrap: true,
    ...more,
  })
  const content = {
    type: 'AdaptiveCard',
    version: '1.4',
    body: [block(subject, { weight: 'Bolder' }), ...text.split('\n').map((one) => block(one))],
    actions: [{ type: 'Action.OpenUrl', title: 'Open', url }],
  }
  const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', content }
  return JSON.stringify({ type: 'message', attachments: [attachment] })
}

/** The mail client calls every failure of its socket by one name; the system's own is in the message. */
function reasonOf(error: unknown): string {
  const named =
    error instanceof Error && errorCode(error) !== '' && /\bE[A-Z]{4,20}\b/.exec(error.message)
  return named ? named[0] : failureReason(error)
}
