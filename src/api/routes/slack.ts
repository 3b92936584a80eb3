/** Takes clicks from Slack: not a call of a person we logged in, so its signature is all that counts. */
import { decide } from '../../approvals/deciding.ts'
import { DECISION_REFUSALS } from '../../approvals/state.ts'
import { SlackDoor } from '../../approvals/notify/slack-interaction.ts'
import type { SlackClick } from '../../approvals/notify/slack-interaction.ts'
import { fail } from '../../model/errors.ts'
import { CallAudit } from '../call-audit.ts'
import { slackInteraction } from '../contract/approvals.ts'
import type { ApiParts } from '../parts.ts'
import { RateLimit } from '../rate-limit.ts'
import type { Registrar } from '../registrar.ts'

const PER_ADDRESS = { burst: 60, perSecond: 5 }

export function slackRoutes({ app, parts }: Registrar): void {
  const door = new SlackDoor()
  const rate = new RateLimit(parts.clock, PER_ADDRESS)
  // Outside the guard: Slack has neither a session nor a token, and its calls come from no page of ours.
  app.openapi(slackInteraction, async (context) => {
    const seconds = rate.take(context.get('address'))
    if (seconds > 0) throw fail('api.rate')
    const { slack } = parts.approvals.deciding.settings()
    if (slack === null) throw fail('api.not-found')
    const reading = door.read(
      slack,
      {
        timestamp: context.req.header('x-slack-request-timestamp') ?? '',
        signature: context.req.header('x-slack-signature') ?? '',
        body: await context.req.text(),
      },
      parts.clock.nowMs(),
    )
    if (reading.kind === 'forged') throw fail('api.unauthenticated', 'The signature does not fit.')
    const text =
      reading.kind === 'nothing' ? '' : await decided(parts, reading.click, context.get('address'))
    return context.json({ response_type: 'ephemeral' as const, replace_original: false, text }, 200)
  })
}

/** What the one who clicked is told; the card itself is rewritten for everybody. */
async function decided(parts: ApiParts, click: SlackClick, address: string): Promise<string> {
  const audit = new CallAudit(
    { clock: parts.clock, table: parts.control.audit, note: parts.note, onFault: parts.onFault },
    { operation: 'approvals.slack', address },
  )
  audit.add({ target: click.approval, details: { choice: click.choice, surface: 'slack' } })
  const person = click.login === null ? null : await parts.control.people.byLogin(click.login)
  if (person === null || person.disabledAtMs !== null) {
    await audit.ended('denied')
    return 'Your Slack account is not linked to a person of Custody. Decide in the console.'
  }
  audit.add({ details: { login: person.login } })
  const actor = { person, isFresh: false }
  const ballot = { choice: click.choice, reason: '', surface: 'slack', breakGlass: false }
  const moved = await decide(parts.approvals.deciding, click.approval, actor, ballot)
  await audit.ended(moved.kind === 'moved' ? 'done' : 'denied')
  switch (moved.kind) {
    case 'moved':
      return moved.approval.state === 'pending' ? 'Counted; others are needed.' : 'Done.'
    case 'refused':
      return DECISION_REFUSALS[moved.reason]
    case 'not-found':
      return 'There is no such approval.'
  }
}
