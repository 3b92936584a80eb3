/** Wires alerts on searches: rounds while the gateway runs, and the receivers that custody.yaml names under approvals. */
import { callSlack } from '../approvals/notify/call-slack.ts'
import { post } from '../approvals/notify/post.ts'
import type { Post } from '../approvals/notify/post.ts'
import { postWebhook } from '../approvals/notify/webhook.ts'
import { judgeChanges, tellMatches } from '../incident/alerts/alert-rounds.ts'
import type { AlertMessage, AlertParts } from '../incident/alerts/alert-rounds.ts'
import type { Clock } from '../lib/clock.ts'
import { visibleLine } from '../lib/visible-text.ts'
import type { ApprovalSettings, SlackTarget } from '../model/approval-settings.ts'
import type { Recorder } from '../model/recorder.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../telemetry/logger.ts'

export interface SearchAlertSources {
  readonly clock: Clock
  readonly store: Store
  readonly recorder: Recorder
  readonly log: Logger
  readonly settings: () => ApprovalSettings
  readonly consoleUrl: () => string
}

const LOOK_EVERY_MS = 1_000
const TEXT_MAX = 120

export function keepAlerting(sources: SearchAlertSources): AsyncDisposable {
  const { store, clock, recorder, log } = sources
  const onFault = (what: string, error: unknown): void => log.warn({ what }, 'alerts', error)
  const parts: AlertParts = {
    table: store.control.searchAlerts,
    people: store.control.people,
    search: store.search,
    index: store.index,
    clock,
    note: (event) => recorder.note(event),
    tell: (message) => tellChannel(post, sources, message),
    onFault,
  }
  let running: Promise<void> = Promise.resolve()
  let isBusy = false
  const state = { isOver: false }
  const round = async (): Promise<void> => {
    // Nobody who set no alert pays for them.
    if ((await parts.table.list()).length === 0 && (await parts.table.place()) === null) return
    let hasMore = true
    while (hasMore) hasMore = (await judgeChanges(parts)) && !state.isOver
    if (!state.isOver) await tellMatches(parts)
  }
  const timer = setInterval(() => {
    if (isBusy) return
    isBusy = true
    running = round()
      .catch((error: unknown) => onFault('alerts not judged', error))
      .finally(() => {
        isBusy = false
      })
  }, LOOK_EVERY_MS)
  timer.unref()
  return {
    async [Symbol.asyncDispose]() {
      state.isOver = true
      clearInterval(timer)
      await running
    },
  }
}

/** Receivers by the names that people choose from. */
export function alertChannels({ webhooks, slack }: ApprovalSettings): readonly string[] {
  return [...webhooks.map(({ name }) => `webhook ${name}`), ...(slack === null ? [] : ['slack'])]
}

export async function tellChannel(
  send: Post,
  { clock, settings, consoleUrl }: Pick<SearchAlertSources, 'clock' | 'settings' | 'consoleUrl'>,
  message: AlertMessage,
): Promise<void> {
  const { channel } = message.alert
  const target = settings()
  const url = `${target.consoleUrl ?? consoleUrl()}/exchanges?q=${encodeURIComponent(message.alert.q)}`
  if (channel === 'slack' && target.slack !== null)
    return tellSlack(send, target.slack, message, url)
  const webhook = target.webhooks.find(({ name }) => channel === `webhook ${name}`)
  if (webhook === undefined) throw new Error(`there is no channel ${channel} in custody.yaml`)
  await postWebhook(send, webhook, {
    id: message.id,
    atMs: clock.nowMs(),
    body: alertBody(message, clock.nowMs(), url),
  })
}

/** Ids, names and numbers only: whoever needs content asks the API as somebody who may read it. */
function alertBody({ alert, count, rows }: AlertMessage, nowMs: number, url: string): string {
  return JSON.stringify({
    type: 'search.matched',
    timestamp: new Date(nowMs).toISOString(),
    data: {
      alert: alert.id,
      name: alert.name,
      query: alert.q,
      url,
      count,
      exchanges: rows.map((row) => ({
        id: row.id,
        receivedAt: new Date(row.receivedAtMs).toISOString(),
        state: row.state,
        status: row.status,
        principal: row.principal,
        service: row.service,
        model: row.model,
        upstream: row.upstream,
        verdict: row.verdict,
        entities: row.entities,
      })),
    },
  })
}

async function tellSlack(
  send: Post,
  target: SlackTarget,
  { alert, count, rows }: AlertMessage,
  url: string,
): Promise<void> {
  const title = `${alert.name}: ${count === 1 ? 'one exchange' : `${count} exchanges`}`
  const lines = rows.map(
    ({ id, principal, service, model }) =>
      `${id} ${[principal, service, model ?? ''].filter((one) => one !== '').join(', ')}`,
  )
  const plain = (text: string, max: number) => ({
    type: 'plain_text',
    text: visibleLine(text, max) || '-',
    emoji: false,
  })
  await callSlack(send, target, 'chat.postMessage', {
    channel: target.channel,
    // Threat: names come from callers; plain text is no markup, and links are not unfurled.
    text: visibleLine(title, TEXT_MAX).replaceAll(/[<>&]/g, ' '),
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: 'section', text: plain(title, TEXT_MAX) },
      ...lines.map((line) => ({ type: 'context', elements: [plain(line, 200)] })),
      {
        type: 'actions',
        elements: [{ type: 'button', action_id: 'open-search', text: plain('Open', 20), url }],
      },
    ],
  })
}
