/** `custody findings`: what detection saw, one row for each value, in the most exchanges first. */
import type { Command } from 'commander'
import { FindingGroup, listFindingGroups } from '../../api/contract/entities.ts'
import { systemClock } from '../../lib/clock.ts'
import type { FindingGroup as Group } from '../../model/exchange-query.ts'
import { openDataFolder } from '../data-folder.ts'
import { withFolderOrServer } from '../data-options.ts'
import { queryOfFilter, readSearch, withFilters } from '../exchange-filter.ts'
import type { FilterOptions } from '../exchange-filter.ts'
import { configFor } from '../load.ts'
import { EXIT, failWith, printTable, say, timeText, writeJson } from '../output.ts'
import type { Column } from '../output.ts'
import { filterQuery } from '../remote/remote-exchanges.ts'
import { serverFor } from '../remote/server-options.ts'
import type { ServerOptions } from '../remote/server-options.ts'

interface FindingsOptions extends FilterOptions, ServerOptions {
  readonly limit: string
  readonly json?: boolean
}

const DIGITS = 16

export function registerFindings(program: Command): void {
  withFolderOrServer(
    withFilters(
      program
        .command('findings')
        .description('list found values, in the most exchanges first; never the values')
        .argument('[query...]', "e.g. 'entity:API_KEY -service:ci last:7d'"),
    )
      .option('--limit <number>', 'how many at most', '50')
      .option('--json', 'JSON Lines'),
  ).action(findings)
}

async function findings(words: readonly string[], options: FindingsOptions): Promise<void> {
  const asked = readSearch(words, options, systemClock.nowMs())
  if (asked === null) return
  if (!/^(?:[1-9]\d?|1\d\d|200)$/.test(options.limit)) {
    return failWith(EXIT.usage, '--limit takes a number from 1 to 200')
  }
  const limit = Number(options.limit)
  const api = serverFor(options)
  if (api !== null) {
    const query = { ...filterQuery({ ...asked.filter, q: words.join(' ') }), limit }
    return show((await api.call(listFindingGroups, { query })).items, options)
  }
  const { config } = configFor({ data: options.data, config: options.config })
  await using data = await openDataFolder(config)
  if (data === null) return
  const query = asked.query ?? queryOfFilter(asked.filter)
  await show(await data.search.findingGroups(query, limit), options)
}

async function show(groups: readonly Group[], options: FindingsOptions): Promise<void> {
  if (options.json === true) {
    for (const group of groups) await writeJson(FindingGroup.parse(group))
    return
  }
  printTable(groups, COLUMNS)
  if (groups.length === 0) say('nothing was found')
}

const COLUMNS: readonly Column<Group>[] = [
  { title: 'FOUND', of: (group) => group.entity, widthMax: 28 },
  { title: 'FINGERPRINT', of: (group) => group.fingerprint.slice(0, DIGITS), widthMax: DIGITS },
  { title: 'EXCHANGES', of: (group) => String(group.exchanges), widthMax: 10, align: 'right' },
  {
    title: 'CONVERSATIONS',
    of: (group) => String(group.conversations),
    widthMax: 13,
    align: 'right',
  },
  { title: 'PRINCIPALS', of: (group) => String(group.principals), widthMax: 10, align: 'right' },
  { title: 'FIRST (UTC)', of: (group) => timeText(group.firstAtMs), widthMax: 24 },
  { title: 'LAST (UTC)', of: (group) => timeText(group.lastAtMs), widthMax: 24 },
  { title: 'RULE', of: (group) => group.rule, widthMax: 28 },
]
