/** `custody alerts`: searches that somebody is told about; lists them, hangs one on a saved search, takes one away. */
import type { Command } from 'commander'
import { createAlert, deleteAlert, listAlerts } from '../../api/contract/alerts.ts'
import type { SearchAlert } from '../../api/contract/alerts.ts'
import { listViews } from '../../api/contract/views.ts'
import { visibleLine } from '../../lib/visible-text.ts'
import { print, printJson, printTable, say, timeText } from '../output.ts'
import { readDuration } from '../read-duration.ts'
import type { ApiClient } from '../remote/api-client.ts'
import { gatewayFor } from '../remote/gateway-only.ts'
import { usageFailure } from '../remote/remote-failure.ts'
import { withServer, type ServerOptions } from '../remote/server-options.ts'

interface Options extends ServerOptions {
  readonly json?: boolean
  readonly saved?: string
  readonly name?: string
  readonly channel?: string
  readonly every: string
}

export function registerAlerts(program: Command): void {
  const alerts = program.command('alerts').description('saved searches that somebody is told about')
  withServer(
    alerts
      .command('list', { isDefault: true })
      .description('alerts, the channels they may use, and one’s own saved searches')
      .option('--json', 'JSON Lines'),
  ).action(list)
  withServer(
    alerts
      .command('set')
      .description('hang an alert on a saved search, or on a query that is saved with it')
      .argument('[query...]', "e.g. 'entity:API_KEY -service:ci/*'; saved under --name")
      .option('--saved <name>', 'a saved search of yours, by its name or id')
      .option('--name <text>', 'with a query: what it is saved as')
      .option('--channel <name>', 'who is told: one that custody alerts lists')
      .option('--every <time>', 'at most once in this time: 10m, 1h, 1d', '10m')
      .option('--json', 'one JSON object'),
  ).action(set)
  withServer(
    alerts
      .command('remove')
      .description('take an alert away; the saved search stays')
      .argument('<id>', 'id of the alert'),
  ).action(remove)
}

async function list(options: Options): Promise<void> {
  const api = gatewayFor(options)
  const { items, channels } = await api.call(listAlerts, {})
  if (options.json === true) {
    for (const item of items) printJson(item)
    return
  }
  if (items.length > 0)
    printTable<SearchAlert>(items, [
      { title: 'ID', of: ({ id }) => id, widthMax: 29 },
      { title: 'NAME', of: ({ name }) => name, widthMax: 30 },
      { title: 'SEARCH', of: ({ q }) => q, widthMax: 50 },
      { title: 'TELLS', of: ({ channel }) => channel, widthMax: 24 },
      { title: 'STATE', of: stateOf, widthMax: 7 },
      { title: 'MATCHED', of: ({ matched }) => String(matched), widthMax: 9, align: 'right' },
      { title: 'LAST TOLD', of: ({ lastSentAtMs }) => momentOf(lastSentAtMs), widthMax: 16 },
      { title: 'BY', of: ({ personName }) => personName, widthMax: 20 },
    ])
  else say('no alert is set')
  const saved = (await savedSearches(api)).map(({ name }) => visibleLine(name, 60))
  say(`channels: ${channels.map((one) => visibleLine(one, 60)).join(', ') || 'none'}`)
  say(`saved searches of yours: ${saved.join(', ') || 'none'}`)
}

const momentOf = (ms: number | null): string => (ms === null ? '-' : timeText(ms).slice(0, 16))

function stateOf({ enabled, lastError }: SearchAlert): string {
  if (!enabled) return 'off'
  return lastError === '' ? 'on' : 'failing'
}

async function savedSearches(api: ApiClient) {
  const { items } = await api.call(listViews, {})
  return items.filter(({ page }) => page === 'exchanges')
}

async function set(words: readonly string[], options: Options): Promise<void> {
  const api = gatewayFor(options)
  const { channel, every, name } = options
  const q = words.join(' ')
  const reading = readDuration(every)
  if (reading.kind !== 'duration') throw usageFailure('--every takes a time', '10m, 1h or 1d')
  if (channel === undefined)
    throw usageFailure('--channel names who is told', 'custody alerts lists them')
  if ((options.saved === undefined) === (q === ''))
    throw usageFailure('give either a query or --saved', '')
  if (q !== '' && name === undefined)
    throw usageFailure('--name says what the query is saved as', '')
  const watched =
    options.saved === undefined ? { q, name } : { view: await viewOf(api, options.saved) }
  const alert = await api.call(createAlert, { body: { ...watched, channel, everyMs: reading.ms } })
  if (options.json === true) printJson(alert)
  else print(`${alert.id} tells ${visibleLine(alert.channel)} of ${visibleLine(alert.q)}`)
}

async function viewOf(api: ApiClient, text: string): Promise<string> {
  const [found, ...more] = (await savedSearches(api)).filter(
    ({ id, name }) => id === text || name === text,
  )
  if (found !== undefined && more.length === 0) return found.id
  throw found === undefined
    ? usageFailure(
        `no saved search of yours is called ${visibleLine(text)}`,
        'custody alerts lists them',
      )
    : usageFailure(`several saved searches are called ${visibleLine(text)}`, 'give its id')
}

async function remove(id: string, options: Options): Promise<void> {
  await gatewayFor(options).end(deleteAlert, { params: { id } })
  print(`${visibleLine(id)} is taken away`)
}
