/** `custody exchanges`: lists recorded exchanges, newest first. */
import type { Command } from 'commander'
import { systemClock } from '../../lib/clock.ts'
import type { ExchangeRow } from '../../model/record.ts'
import type { ExchangeFilter, ExchangeIndex } from '../../store/exchange-index.ts'
import { openDataFolder } from '../data-folder.ts'
import { EXCHANGE_COLUMNS, exchangeJson } from '../exchange-columns.ts'
import type { ListedExchange } from '../exchange-columns.ts'
import { readFilter, withFilters } from '../exchange-filter.ts'
import type { FilterOptions } from '../exchange-filter.ts'
import { configFor } from '../load.ts'
import { EXIT, failWith, printTable, say, writeJson } from '../output.ts'
import { remotePages } from '../remote/remote-exchanges.ts'
import { serverFor, withServer } from '../remote/server-options.ts'
import type { ServerOptions } from '../remote/server-options.ts'

interface ExchangesOptions extends FilterOptions, ServerOptions {
  readonly limit: string
  readonly json?: boolean
}

const PAGE = 500

export function registerExchanges(program: Command): void {
  withServer(
    withFilters(program.command('exchanges').description('list recorded exchanges, newest first'))
      .option('--limit <number>', 'how many at most', '50')
      .option('--json', 'JSON Lines')
      .option('--data <folder>', 'data folder (default ./custody-data)')
      .option('--config <file>', 'custody.yaml'),
  ).action(exchanges)
}

async function exchanges(options: ExchangesOptions): Promise<void> {
  const reading = readFilter(options, systemClock.nowMs())
  if (reading.kind === 'problem')
    return failWith(EXIT.usage, `${reading.option} ${reading.message}`)
  if (!/^[1-9]\d{0,8}$/.test(options.limit)) {
    return failWith(EXIT.usage, '--limit takes a number from 1 on')
  }
  const limit = Number(options.limit)
  const api = serverFor(options, process.env)
  if (api !== null) return show(remotePages(api, reading.filter, limit), options)
  const { config } = configFor({ data: options.data, config: options.config })
  await using data = await openDataFolder(config)
  if (data === null) return
  await show(pages(data.index, { ...reading.filter, limit }), options)
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
  printTable(shown, EXCHANGE_COLUMNS)
  if (shown.length === 0) say('no exchange matches')
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
