/** `custody holds`: what must not be erased; lists, sets and releases legal holds. */
import type { Command } from 'commander'
import { listHolds, releaseHold, setHold, type Hold } from '../../api/contract/keeping.ts'
import { visibleLine } from '../../lib/visible-text.ts'
import { readFilter, withFilters, type FilterOptions } from '../exchange-filter.ts'
import { print, printJson, printTable, say, timeText } from '../output.ts'
import { gatewayFor, reasonFrom } from '../remote/gateway-only.ts'
import { filterQuery } from '../remote/remote-exchanges.ts'
import { usageFailure } from '../remote/remote-failure.ts'
import { withServer, type ServerOptions } from '../remote/server-options.ts'

interface ListOptions extends ServerOptions {
  readonly json?: boolean
  readonly all?: boolean
}

interface SetOptions extends ServerOptions, FilterOptions {
  readonly reason?: string
  readonly exchange?: string
  readonly conversation?: string
  readonly everythingOf?: string
  readonly case?: string
  readonly json?: boolean
}

export function registerHolds(program: Command): void {
  const holds = program.command('holds').description('legal holds: what must not be erased')
  withServer(
    holds
      .command('list', { isDefault: true })
      .description('holds in force, newest first')
      .option('--all', 'released ones too')
      .option('--json', 'JSON Lines'),
  ).action(list)
  withServer(
    withFilters(
      holds
        .command('set')
        .description('hold an exchange, a conversation, a person, a case, or what matches filters')
        .argument('[exchanges...]', 'with --case: the exchanges in it')
        .option('--exchange <id>', 'this exchange')
        .option('--conversation <id>', 'this conversation')
        .option('--everything-of <id>', 'everything that this person, job or service sends')
        .option('--case <name>', 'the exchanges of a case')
        .option('--reason <text>', 'why; it is recorded')
        .option('--json', 'one JSON object'),
    ),
  ).action(set)
  withServer(
    holds
      .command('release')
      .description('release a hold that somebody else set')
      .argument('<id>', 'hold id')
      .option('--reason <text>', 'why; it is recorded')
      .option('--json', 'one JSON object'),
  ).action(release)
}

async function list(options: ListOptions): Promise<void> {
  const api = gatewayFor(options)
  const found: Hold[] = []
  let cursor: string | null = null
  do {
    const page: { items: Hold[]; next: string | null } = await api.call(listHolds, {
      query: { limit: 200, ...(cursor === null ? {} : { cursor }) },
    })
    found.push(...page.items)
    cursor = page.next
  } while (cursor !== null && found.length < 10_000)
  const shown = options.all === true ? found : found.filter((hold) => hold.releasedAtMs === null)
  if (options.json === true) for (const hold of shown) printJson(hold)
  else if (shown.length === 0) say('nothing is held')
  else {
    printTable(shown, [
      { title: 'ID', of: ({ id }) => id, widthMax: 29 },
      { title: 'SINCE', of: ({ setAtMs }) => timeText(setAtMs).slice(0, 16), widthMax: 16 },
      { title: 'BY', of: ({ setBy }) => setBy, widthMax: 24 },
      { title: 'HOLDS', of: ({ scope }) => scope, widthMax: 60 },
      { title: 'BECAUSE', of: ({ reason }) => reason, widthMax: 60 },
      ...(options.all === true
        ? [{ title: 'RELEASED BY', of: ({ releasedBy }: Hold) => releasedBy ?? '', widthMax: 24 }]
        : []),
    ])
  }
}

async function set(exchanges: readonly string[], options: SetOptions): Promise<void> {
  const api = gatewayFor(options)
  const body = { scope: scopeOf(exchanges, options), reason: reasonFrom(options.reason) }
  said(await api.call(setHold, { body }), options.json === true, 'holds')
}

async function release(id: string, options: SetOptions): Promise<void> {
  const api = gatewayFor(options)
  const body = { reason: reasonFrom(options.reason) }
  said(await api.call(releaseHold, { params: { id }, body }), options.json === true, 'released')
}

function said(hold: Hold, isJson: boolean, deed: string): void {
  if (isJson) printJson(hold)
  else print(`${hold.id} ${deed} ${visibleLine(hold.scope)}`)
}

function scopeOf(exchanges: readonly string[], options: SetOptions): object {
  const { exchange, conversation, everythingOf } = options
  const filter = readFilter(options, Date.now())
  if (filter.kind === 'problem') throw usageFailure(`${filter.option} ${filter.message}`, '')
  const wanted: object[] = []
  if (exchange !== undefined) wanted.push({ kind: 'exchange', exchange })
  if (conversation !== undefined) wanted.push({ kind: 'conversation', conversation })
  if (everythingOf !== undefined) wanted.push({ kind: 'principal', principal: everythingOf })
  if (options.case !== undefined) wanted.push({ kind: 'case', case: options.case, exchanges })
  if (Object.keys(filter.filter).length > 0) {
    wanted.push({ kind: 'query', filter: filterBody(filterQuery(filter.filter)) })
  }
  const [scope, ...more] = wanted
  if (scope !== undefined && more.length === 0) return scope
  throw usageFailure(
    'name one thing to hold',
    '--exchange, --conversation, --everything-of, --case with ids, or filters such as --service',
  )
}

/** As a JSON body has them: lists of values for fields, numbers for times. */
export function filterBody(query: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(query)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [
        name,
        typeof value === 'number' && name.endsWith('Ms') ? value : [String(value)],
      ]),
  )
}
