/** `custody exchanges`: lists recorded exchanges, newest first. */
import type { Command } from 'commander'
import { systemClock } from '../../lib/clock.ts'
import type { ExchangeId } from '../../lib/ids.ts'
import type { ExchangeQuery, ExchangeSearch } from '../../model/exchange-query.ts'
import type { ExchangeRow } from '../../model/record.ts'
import type { ExchangeFilter, ExchangeIndex } from '../../store/exchange-index.ts'
import { openDataFolder } from '../data-folder.ts'
import type { DataFolder } from '../data-folder.ts'
import { withFolderOrServer } from '../data-options.ts'
import { EXCHANGE_COLUMNS, HELD_COLUMN, exchangeJson } from '../exchange-columns.ts'
import type { ListedExchange } from '../exchange-columns.ts'
import { readSearch, withFilters } from '../exchange-filter.ts'
import type { FilterOptions } from '../exchange-filter.ts'
import { configFor } from '../load.ts'
import { EXIT, failWith, printTable, say, writeJson } from '../output.ts'
import { remotePages } from '../remote/remote-exchanges.ts'
import { serverFor } from '../remote/server-options.ts'
import type { ServerOptions } from '../remote/server-options.ts'

interface ExchangesOptions extends FilterOptions, ServerOptions {
  readonly limit: string
  readonly json?: boolean
}

const PAGE = 500

export function registerExchanges(program: Command): void {
  withFolderOrServer(
    withFilters(
      program
        .command('exchanges')
        .description('list recorded exchanges, newest first')
        .argument('[query...]', "e.g. 'model:gpt-5* (status:5xx or duration:>30s)'"),
    )
      .option('--limit <number>', 'how many at most', '50')
      .option('--json', 'JSON Lines'),
  ).action(exchanges)
}

async function exchanges(words: readonly string[], options: ExchangesOptions): Promise<void> {
  const asked = readSearch(words, options, systemClock.nowMs())
  if (asked === null) return
  if (!/^[1-9]\d{0,8}$/.test(options.limit)) {
    return failWith(EXIT.usage, '--limit takes a number from 1 on')
  }
  const limit = Number(options.limit)
  const api = serverFor(options)
  const q = words.join(' ')
  if (api !== null) return show(remotePages(api, { ...asked.filter, q }, limit), options)
  const { config } = configFor({ data: options.data, config: options.config })
  await using data = await openDataFolder(config)
  if (data === null) return
  const { query, filter } = asked
  const found =
    query === null ? pages(data.index, { ...filter, limit }) : searched(data.search, query, limit)
  await show(withHolds(data, found), options)
}

async function show(
  all: AsyncIterable<readonly ListedExchange[]>,
  options: ExchangesOptions,
): Promise<void> {
  const shown: ListedExchange[] = []
  for await (const page of all) {
    if (options.json !== true) shown.push(...page)
    else for (const row of page) await writeJson(exchangeJson(row))
  }
  if (options.json === true) return
  const isAnyHeld = shown.some(({ holds = [] }) => holds.length > 0)
  printTable(shown, isAnyHeld ? [...EXCHANGE_COLUMNS, HELD_COLUMN] : EXCHANGE_COLUMNS)
  if (shown.length === 0) say('no exchange matches')
}

async function* withHolds(
  { held }: DataFolder,
  all: AsyncIterable<readonly ExchangeRow[]>,
): AsyncGenerator<readonly ListedExchange[]> {
  for await (const rows of all) {
    const holds = await held(rows)
    yield rows.map((row) => ({ ...row, holds: (holds.get(row.id) ?? []).map(({ id }) => id) }))
  }
}

/** Newest first, `filter.limit` rows in all, never more than one page held by the database. */
async function* pages(
  index: ExchangeIndex,
  filter: ExchangeFilter,
): AsyncGenerator<readonly ExchangeRow[]> {
  let left = filter.limit
  let before = filter.before
  while (left > 0) {
    const limit = Math.min(left, PAGE)
    const page = await index.list({ ...filter, ...(before === undefined ? {} : { before }), limit })
    yield page
    before = page.at(-1)?.id
    if (page.length < limit || before === undefined) return
    left -= page.length
  }
}

/** As `pages`, for what only a search can answer. */
async function* searched(
  search: ExchangeSearch,
  query: ExchangeQuery,
  limit: number,
): AsyncGenerator<readonly ExchangeRow[]> {
  let left = limit
  let before: ExchangeId | undefined
  while (left > 0) {
    const asked = Math.min(left, PAGE)
    const page = await search.list(query, {
      limit: asked,
      ...(before === undefined ? {} : { before }),
    })
    yield page
    before = page.at(-1)?.id
    if (page.length < asked || before === undefined) return
    left -= page.length
  }
}
