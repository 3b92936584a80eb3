/** The filters that lists of exchanges share: declares the options and reads them into an index filter. */
import type { Command } from 'commander'
import type { ExchangeState } from '../model/record.ts'
import type { ExchangeQuery } from '../model/exchange-query.ts'
import { parseQuery } from '../model/query/parse.ts'
import { bothQueries, toExchangeQuery } from '../model/query/to-query.ts'
import type { ExchangeFilter } from '../store/exchange-index.ts'
import { EXIT, failWith } from './output.ts'
import { readMoment } from './read-moment.ts'

export interface FilterOptions {
  readonly since?: string
  readonly until?: string
  readonly principal?: string
  readonly service?: string
  readonly key?: string
  readonly model?: string
  readonly upstream?: string
  readonly status?: string
  readonly state?: string
}

export type FilterReading =
  | { readonly kind: 'filter'; readonly filter: Omit<ExchangeFilter, 'limit'> }
  | { readonly kind: 'problem'; readonly option: string; readonly message: string }

const STATES: readonly ExchangeState[] = ['open', 'complete', 'interrupted', 'refused']

export function withFilters(command: Command): Command {
  return command
    .option('--since <time>', 'from then on: 30m, 1h, 7d (ago), or 2026-11-22T10:00:00Z')
    .option('--until <time>', 'up to then')
    .option('--principal <id>', 'who sent it')
    .option('--service <name>', 'the service its credential proves')
    .option('--key <id>', 'the gateway key it came with')
    .option('--model <name>', 'a model, or the beginning of one: gpt-4*')
    .option('--upstream <name>', 'where it was sent')
    .option('--status <code>', 'the HTTP status the caller was given')
    .option('--state <state>', STATES.join(', '))
}

export function readFilter(options: FilterOptions, nowMs: number): FilterReading {
  const { since, until, principal, service, key, model, upstream, status, state } = options
  const from = since === undefined ? null : readMoment(since, nowMs)
  if (from?.kind === 'problem') return problem('--since', from.message)
  const to = until === undefined ? null : readMoment(until, nowMs)
  if (to?.kind === 'problem') return problem('--until', to.message)
  if (model !== undefined && model.slice(0, -1).includes('*')) {
    return problem('--model', 'takes a * only at its end')
  }
  if (status !== undefined && !/^[1-5]\d\d$/.test(status)) {
    return problem('--status', 'takes an HTTP status such as 200 or 429')
  }
  const named = STATES.find((name) => name === state)
  if (state !== undefined && named === undefined) {
    return problem('--state', `takes one of ${STATES.join(', ')}`)
  }
  return {
    kind: 'filter',
    filter: {
      ...(from === null ? {} : { sinceMs: from.ms }),
      ...(to === null ? {} : { untilMs: to.ms }),
      ...(principal === undefined ? {} : { principal }),
      ...(service === undefined ? {} : { service }),
      ...(key === undefined ? {} : { keyId: key }),
      ...(model === undefined ? {} : { model }),
      ...(upstream === undefined ? {} : { upstream }),
      ...(status === undefined ? {} : { status: Number(status) }),
      ...(named === undefined ? {} : { state: named }),
    },
  }
}

const problem = (option: string, message: string): FilterReading => ({
  kind: 'problem',
  option,
  message,
})

export type QueryReading =
  | { readonly kind: 'query'; readonly query: ExchangeQuery | null }
  | { readonly kind: 'problem'; readonly message: string; readonly hint: string }

/** Words of the command line as one query; null where none was written. A problem is shown below its place. */
function readWrittenQuery(
  words: readonly string[],
  filter: Omit<ExchangeFilter, 'limit' | 'before'>,
  nowMs: number,
): QueryReading {
  const text = words.join(' ').trim()
  if (text === '') return { kind: 'query', query: null }
  const reading = parseQuery(text)
  if (reading.kind === 'query') {
    return {
      kind: 'query',
      query: bothQueries(queryOfFilter(filter), toExchangeQuery(reading.node, nowMs)),
    }
  }
  const { at, message, hint } = reading.problem
  return { kind: 'problem', message: `the query, at character ${at + 1}: ${message}`, hint }
}

/** Options and words as every list of exchanges and of findings takes them; null when it was said what is wrong with them. */
export function readSearch(
  words: readonly string[],
  options: FilterOptions,
  nowMs: number,
): {
  readonly filter: Omit<ExchangeFilter, 'limit'>
  readonly query: ExchangeQuery | null
} | null {
  const reading = readFilter(options, nowMs)
  if (reading.kind === 'problem') {
    failWith(EXIT.usage, `${reading.option} ${reading.message}`)
    return null
  }
  const { filter } = reading
  const written = readWrittenQuery(words, filter, nowMs)
  if (written.kind === 'query') return { filter, query: written.query }
  failWith(EXIT.usage, written.message, written.hint)
  return null
}

export function queryOfFilter(filter: Omit<ExchangeFilter, 'limit' | 'before'>): ExchangeQuery {
  const { sinceMs, untilMs, status, ...texts } = filter
  const values = Object.entries({ ...texts, status: status?.toString() }).flatMap(
    ([field, value]) => (value === undefined ? [] : [[field, [value]] as const]),
  )
  return {
    values: Object.fromEntries(values),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(untilMs === undefined ? {} : { untilMs }),
  }
}
