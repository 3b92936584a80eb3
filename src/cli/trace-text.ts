/** An answer of `custody trace`: an exposure for people, one JSON object for each exposure for programs. */
import type { TraceAnswer, TraceGroup, TraceHit } from '../api/contract/trace.ts'
import { visibleLine } from '../lib/visible-text.ts'
import { GRAM } from '../incident/trace/winnow.ts'
import { durationText, EXIT, failWith, print, printTable, say, timeText } from './output.ts'

const GROUPS_SHOWN = 5
const EXCERPT_CHARS = 60

/** The best span stands beside the exposure; all of them in `spans`. */
export function* traceLines(answer: TraceAnswer) {
  for (const { exchange, direction, treatment, coverage, hits } of answer.exposures) {
    const spans = hits.flatMap((at) => placesOf(answer.hits[at]))
    yield {
      id: exchange.id,
      direction,
      treatment,
      coverage,
      receivedAt: new Date(exchange.receivedAtMs).toISOString(),
      principal: exchange.principal,
      principalKind: exchange.principalKind,
      service: exchange.service,
      keyId: exchange.keyId,
      conversation: exchange.conversation,
      upstream: exchange.upstream,
      model: exchange.model,
      status: exchange.status,
      span: spans[0] ?? null,
      spans,
    }
  }
}

/** Only detection could have seen it: that nobody is found says nothing. */
export function isTooShort({ first, units, values, digest }: TraceAnswer): boolean {
  // A scan has no digest, and finds the shortest.
  return first === null && units < GRAM && values === 0 && digest !== ''
}

function placesOf(hit: TraceHit | undefined): readonly Record<string, string | number>[] {
  if (hit === undefined) return []
  const { place, id: placeId, entity, spans } = hit
  // Detection saw the value: the record says where, the index only that.
  if (spans.length === 0) return [{ place, placeId, entity, kind: 'finding' }]
  return spans.map((span) => ({ place, placeId, entity, ...span }))
}

export function printTrace(answer: TraceAnswer): void {
  const { exposures, first, total, units } = answer
  if (first === null) {
    if (isTooShort(answer))
      return failWith(
        EXIT.failed,
        `too short to be traced: ${units} letters and digits, ${GRAM} are the least`,
        '--scan text looks for it in everything that is recorded',
      )
    print('nobody was exposed to this text, as far as it is recorded')
    if (units < 100) say(`note: ${units} letters and digits; below 100 a passage may be missed`)
  } else {
    print(`first ${first.direction} ${timeText(first.atMs)} UTC in ${first.exchange}`)
    printGroups('principals', answer.principals)
    printGroups('services', answer.services)
    printGroups('keys', answer.keys)
    printGroups('conversations', answer.conversations)
    printGroups(
      'went to',
      answer.providers.map((group) => ({
        ...group,
        value: [group.upstream, group.model, group.region || group.host].filter(Boolean).join(' '),
      })),
    )
    const looked = answer.viewers.map(({ name, exchanges, revealed }) =>
      visibleLine(`${name} ${exchanges}${revealed ? ' revealed' : ''}`, 60),
    )
    print(`looked at since: ${looked.length === 0 ? 'nobody' : looked.join(', ')}`)
    print('')
    printTable(exposures, [
      { title: 'ID', of: ({ exchange }) => exchange.id, widthMax: 32 },
      { title: 'TIME (UTC)', of: ({ exchange }) => timeText(exchange.receivedAtMs), widthMax: 24 },
      { title: 'DIRECTION', of: ({ direction }) => direction, widthMax: 9 },
      { title: 'AS', of: ({ treatment }) => treatment, widthMax: 8 },
      { title: 'PRINCIPAL', of: ({ exchange }) => exchange.principal || '-', widthMax: 24 },
      { title: 'MODEL', of: ({ exchange }) => exchange.model ?? '-', widthMax: 24 },
      {
        title: 'MATCH',
        of: ({ coverage }) => `${Math.round(coverage * 100)}%`,
        widthMax: 5,
        align: 'right',
      },
      {
        title: 'TEXT',
        of: ({ hits }) => answer.hits[hits[0] ?? -1]?.spans[0]?.match ?? '',
        widthMax: EXCERPT_CHARS,
      },
    ])
    if (total > exposures.length) say(`note: ${total - exposures.length} more; --limit shows them`)
  }
  if (answer.isBehind) say('note: the newest exchanges are not in the index yet')
  if (answer.truncated) say('note: more exchanges held it than can be listed')
  if (answer.unconfirmed > 0) {
    say(`note: ${answer.unconfirmed} texts share a fingerprint and were not read`)
  }
  say(`took ${durationText(answer.tookMs)}`)
}

function printGroups(title: string, groups: readonly TraceGroup[]): void {
  if (groups.length === 0) return
  const shown = groups.slice(0, GROUPS_SHOWN).map(({ value, exchanges, raw }) => {
    const how = raw === exchanges ? '' : `, ${raw} raw`
    return `${visibleLine(value, 60)} (${exchanges}${how})`
  })
  const more = groups.length > GROUPS_SHOWN ? `, ${groups.length - GROUPS_SHOWN} more` : ''
  print(`${title}: ${shown.join(', ')}${more}`)
}
