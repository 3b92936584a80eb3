/** Brings together what was given up: events of the sinks of this gateway, notices about approvals, matches of alerts on searches. */
import type { Clock } from '../lib/clock.ts'
import type { ControlStore } from '../model/control.ts'
import type { DeadLetter, DeadLetterDesk } from '../model/dead-letter.ts'
import type { Notice } from '../model/notice.ts'
import type { AlertLetter } from '../model/search-alerts.ts'
import type { SinkLetter } from '../telemetry/sinks/dead-letter-file.ts'
import type { RunningSink } from '../telemetry/sinks/run-sink.ts'
import type { Exports } from './exports.ts'

type Control = Pick<ControlStore, 'notices' | 'approvals' | 'searchAlerts'>

export function createDeadLetterDesk(
  { withSinks }: Pick<Exports, 'withSinks'>,
  { notices, approvals, searchAlerts: { letters } }: Control,
  clock: Clock,
): DeadLetterDesk {
  const withEach = async (
    ids: readonly string[],
    deed: (sink: RunningSink, events: ReadonlySet<string>) => Promise<readonly string[]>,
  ): Promise<readonly string[]> =>
    withSinks(async (sinks) => {
      const done: string[] = []
      for (const [name, sink] of sinks) {
        const prefix = eventLetterId(name, '')
        const events = withoutPrefix(prefix, ids)
        if (events.length === 0) continue
        done.push(...withPrefix(prefix, await deed(sink, new Set(events))))
      }
      return done
    })
  return {
    list: async (limit) => {
      const dead = await notices.dead(limit)
      const kinds = await Promise.all(
        [...new Set(dead.map(({ approval }) => approval))].map(
          async (id) => [id, (await approvals.byId(id))?.history ?? []] as const,
        ),
      )
      const histories = new Map(kinds)
      const ofNotices = dead.map((notice) =>
        noticeLetter(notice, histories.get(notice.approval)?.[notice.step]?.kind ?? 'changed'),
      )
      const ofSinks = await withSinks(async (sinks) => {
        const letters: DeadLetter[] = []
        let total = 0
        for (const [name, sink] of sinks) {
          letters.push(...(await sink.letters(limit)).map((letter) => eventLetter(name, letter)))
          total += sink.state().deadLetters
        }
        return { letters, total }
      })
      return {
        items: [...ofNotices, ...(await letters.list(limit)).map(alertLetter), ...ofSinks.letters]
          .toSorted((a, b) => b.sinceMs - a.sinceMs || (a.id < b.id ? -1 : 1))
          .slice(0, limit),
        total: ofSinks.total + (await notices.deadCount()) + (await letters.count()),
      }
    },
    retry: async (ids) => [
      ...(await withEach(ids, (sink, events) => sink.retry(events))),
      ...(await settled(ids, { state: 'due', dueAtMs: clock.nowMs() })),
      ...withPrefix(ALERT, await letters.ask(withoutPrefix(ALERT, ids), clock.nowMs())),
    ],
    drop: async (ids) => [
      ...(await withEach(ids, (sink, events) => sink.drop(events))),
      ...(await settled(ids, { state: 'dropped' })),
      ...withPrefix(ALERT, await letters.drop(withoutPrefix(ALERT, ids))),
    ],
  }

  async function settled(
    ids: readonly string[],
    next: Parameters<Control['notices']['settle']>[1],
  ): Promise<readonly string[]> {
    return withPrefix(NOTICE, await notices.settle(withoutPrefix(NOTICE, ids), next))
  }
}

const NOTICE = 'notice/'
const ALERT = 'alert/'

const withPrefix = (prefix: string, ids: readonly string[]): readonly string[] =>
  ids.map((id) => prefix + id)

/** Of those that have it. */
const withoutPrefix = (prefix: string, ids: readonly string[]): readonly string[] =>
  ids.flatMap((id) => (id.startsWith(prefix) ? [id.slice(prefix.length)] : []))

function eventLetterId(sink: string, event: string): string {
  return `event/${sink}/${event}`
}

function eventLetter(sink: string, { event, attempts, reason, atMs }: SinkLetter): DeadLetter {
  return {
    id: eventLetterId(sink, event.id),
    kind: 'event',
    receiver: sink,
    type: event.type,
    about: event.id,
    attempts,
    error: reason,
    sinceMs: atMs ?? event.atMs,
  }
}

function noticeLetter(notice: Notice, step: string): DeadLetter {
  const { id, approval, receiver, attempts, lastError, createdAtMs } = notice
  return {
    id: NOTICE + id,
    kind: 'notice',
    receiver,
    type: `approval.${step}`,
    about: approval,
    attempts,
    error: kindOf(lastError),
    sinceMs: createdAtMs,
  }
}

function alertLetter({ batch, alert, channel, ...letter }: AlertLetter): DeadLetter {
  const { attempts, error, sinceMs } = letter
  return {
    id: ALERT + batch,
    kind: 'alert',
    receiver: channel,
    type: 'search.matched',
    about: alert,
    attempts,
    error: kindOf(error),
    sinceMs,
  }
}

/** Threat: what mail servers and libraries say may hold an address or a part of the message. */
function kindOf(error: string): string {
  const status = /\banswered (\d{3})\b/.exec(error)?.[1]
  if (status !== undefined) return `status ${status}`
  if (/timeout/i.test(error)) return 'timeout'
  return /\bE[A-Z_]{3,30}\b/.exec(error)?.[0] ?? 'failed'
}
