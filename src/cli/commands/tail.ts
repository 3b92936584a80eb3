/** `custody tail`: follows exchanges as they open and end, one line each, until it is stopped. */
import type { Command } from 'commander'
import { systemClock } from '../../lib/clock.ts'
import { matchesQuery } from '../../incident/matches-query.ts'
import { visibleLine } from '../../lib/visible-text.ts'
import { openDataFolder } from '../data-folder.ts'
import { withFolderOrServer } from '../data-options.ts'
import { EXCHANGE_COLUMNS, exchangeJson } from '../exchange-columns.ts'
import type { ListedExchange } from '../exchange-columns.ts'
import { readSearch, withFilters } from '../exchange-filter.ts'
import type { FilterOptions } from '../exchange-filter.ts'
import { ExchangeWatch } from '../exchange-watch.ts'
import { configFor } from '../load.ts'
import { say, writeJson, writeOut } from '../output.ts'
import { pause } from '../pause.ts'
import { remoteTail } from '../remote/remote-tail.ts'
import { serverFor } from '../remote/server-options.ts'
import type { ServerOptions } from '../remote/server-options.ts'
import { stopSignal } from '../stop-signal.ts'

interface TailOptions extends FilterOptions, ServerOptions {
  readonly json?: boolean
}

const POLL_MS = 250

export function registerTail(program: Command): void {
  withFolderOrServer(
    withFilters(
      program
        .command('tail')
        .description('follow exchanges live; Ctrl-C ends it')
        .argument('[query...]', "e.g. 'entity:* -service:ci'"),
    ).option('--json', 'JSON Lines'),
  ).action(tail)
}

async function tail(words: readonly string[], options: TailOptions): Promise<void> {
  const nowMs = systemClock.nowMs()
  const asked = readSearch(words, options, nowMs)
  if (asked === null) return
  const { filter, query } = asked
  const isJson = options.json === true
  const api = serverFor(options)
  using stop = stopSignal()
  if (api !== null) {
    if (!isJson) say('following; Ctrl-C ends')
    for await (const row of remoteTail(api, { ...filter, q: words.join(' ') }, stop.signal))
      await writeRow(row, isJson)
    return
  }
  const { config } = configFor({ data: options.data, config: options.config })
  await using data = await openDataFolder(config)
  if (data === null) return
  const watch = new ExchangeWatch({ index: data.index, filter, fromMs: filter.sinceMs ?? nowMs })
  if (!isJson) say('following; Ctrl-C ends')
  while (!stop.signal.aborted) {
    for (const row of await watch.poll()) {
      if (query === null || matchesQuery(row, query)) await writeRow(row, isJson)
    }
    await pause(POLL_MS, stop.signal)
  }
}

async function writeRow(row: ListedExchange, isJson: boolean): Promise<void> {
  await (isJson ? writeJson(exchangeJson(row)) : writeOut(`${lineOf(row)}\n`))
}

/** Columns of fixed width: a stream of lines cannot know what comes. */
function lineOf(row: ListedExchange): string {
  return EXCHANGE_COLUMNS.map(({ of, widthMax, align }) => {
    const cell = visibleLine(of(row), widthMax)
    return align === 'right' ? cell.padStart(widthMax) : cell.padEnd(widthMax)
  })
    .join(' ')
    .trimEnd()
}
