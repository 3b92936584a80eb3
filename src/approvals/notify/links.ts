/** Notices that hold a link and nothing of the prompt: Teams and e-mail. */
import type { EmailTarget, TeamsTarget } from '../../model/approval-settings.ts'
import type { Approval } from '../../model/approval.ts'
import type { Post } from './post.ts'

/** Rule titles are written by the policy's author; they are one line wherever they go. */
function headline({ state, asks }: Approval): string {
  const titles = asks.map(({ title }) => title.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim()).join('; ')
  return `${state === 'pending' ? 'Waits for approval' : state}: ${titles}`.slice(0, 200)
}

export async function tellTeams(
  post: Post,
  target: TeamsTarget,
  approval: Approval,
  url: string,
): Promise<void> {
  const card = {
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      { type: 'TextBlock', text: plainText(headline(approval)), weight: 'Bolder', wrap: true },
      { type: 'TextBlock', text: plainText(approval.request.principal), wrap: true },
      { type: 'TextBlock', text: approval.id, isSubtle: true },
    ],
    actions: [{ type: 'Action.OpenUrl', title: 'Open', url }],
  }
  const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', content: card }
  await post(
    target.url.reveal(),
    { 'content-type': 'application/json' },
    JSON.stringify({ type: 'message', attachments: [attachment] }),
  )
}

/** Teams reads markdown: links and emphasis of foreign text are not drawn. */
export function plainText(text: string, max = 200): string {
  return text.slice(0, max).replaceAll(/[\\`*_{}[\]()#+\-.!<>|~]/g, '\\$&')
}

export async function tellByEmail(
  target: EmailTarget,
  approval: Approval,
  url: string,
): Promise<void> {
  const { createTransport } = await import('nodemailer')
  const transport = createTransport(target.smtpUrl.reveal())
  try {
    await transport.sendMail({
      from: target.from,
      to: [...target.to],
      subject: headline(approval),
      text: `${headline(approval)}\n\nRequest of ${approval.request.principal.replaceAll(/[\p{Cc}\s]+/gu, ' ')}, reference ${approval.id}.\n\n${url}\n`,
      // No file or address of the text is ever fetched.
      disableFileAccess: true,
      disableUrlAccess: true,
    })
  } finally {
    transport.close()
  }
}
