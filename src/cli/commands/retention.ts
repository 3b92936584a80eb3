/** `custody retention`: says what will be erased because it is old, and has it erased now. */
import type { Command } from 'commander'
import {
  listDue,
  planRetention,
  runRetention,
  type DueExchange,
  type RetentionPlan,
} from '../../api/contract/keeping.ts'
import { visibleLine } from '../../lib/visible-text.ts'
import { bytesText, print, printJson, printTable, timeText } from '../output.ts'
import type { ApiClient } from '../remote/api-client.ts'
import { gatewayFor } from '../remote/gateway-only.ts'
import { usageFailure } from '../remote/remote-failure.ts'
import { withServer, type ServerOptions } from '../remote/server-options.ts'

/** So many of a class are named for people. */
const LISTED = 20
const PAGE = 200

interface PlanOptions extends ServerOptions {
  readonly days: string
  readonly json?: boolean
}

interface RunOptions extends ServerOptions {
  readonly limit: string
  readonly json?: boolean
}

export function registerRetention(program: Command): void {
  const retention = program
    .command('retention')
    .description('what is erased because it is old, by retention class')
  withServer(
    retention
      .command('plan', { isDefault: true })
      .description('what is due, what becomes due, by id, and what a legal hold keeps')
      .option('--days <count>', 'look so far ahead', '7')
      .option('--json', 'one JSON object, with every exchange'),
  ).action(plan)
  withServer(
    retention
      .command('run')
      .description('erase what is due now instead of with the next regular run')
      .option('--limit <count>', 'erase at most so many exchanges', '1000')
      .option('--json', 'one JSON object'),
  ).action(run)
}

function count(text: string, option: string, max: number): number {
  if (/^\d{1,6}$/.test(text) && Number(text) <= max) return Number(text)
  throw usageFailure(`${option} takes a whole number up to ${max}`, '')
}

async function plan(options: PlanOptions): Promise<void> {
  const api = gatewayFor(options)
  const horizonDays = count(options.days, '--days', 365)
  const found = await api.call(planRetention, { query: { horizonDays } })
  if (options.json === true) {
    const classes = []
    for (const one of found.classes)
      classes.push({ ...one, exchanges: await dueOf(api, one, horizonDays, Infinity) })
    printJson({ ...found, classes })
    return
  }
  printTable(found.classes, [
    { title: 'CLASS', of: ({ name }) => name, widthMax: 30 },
    { title: 'AT LEAST', of: ({ minDays }) => `${minDays}d`, widthMax: 8, align: 'right' },
    {
      title: 'AT MOST',
      of: ({ maxDays }) => (maxDays === null ? 'kept' : `${maxDays}d`),
      widthMax: 8,
      align: 'right',
    },
    { title: 'DUE', of: ({ due }) => String(due.exchanges), widthMax: 12, align: 'right' },
    { title: 'BYTES', of: ({ due }) => bytesText(due.bytes), widthMax: 12, align: 'right' },
    {
      title: 'OLDEST',
      of: ({ due }) => (due.oldestMs === null ? '' : timeText(due.oldestMs).slice(0, 16)),
      widthMax: 16,
    },
    { title: 'HELD', of: ({ held }) => String(held), widthMax: 8, align: 'right' },
    {
      title: `IN ${horizonDays} DAYS`,
      of: ({ soon }) => String(soon.exchanges),
      widthMax: 12,
      align: 'right',
    },
  ])
  for (const one of found.classes) await printDue(api, one, horizonDays)
}

/** The exchanges that will be erased, oldest first. */
async function dueOf(
  api: ApiClient,
  { name, due, soon }: RetentionPlan['classes'][number],
  horizonDays: number,
  count: number,
): Promise<readonly DueExchange[]> {
  const found: DueExchange[] = []
  if (due.exchanges + soon.exchanges === 0) return found
  for (let cursor: string | null = ''; cursor !== null && found.length < count;) {
    const page: { items: readonly DueExchange[]; next: string | null } = await api.call(listDue, {
      query: {
        retentionClass: name,
        horizonDays,
        limit: Math.min(PAGE, count - found.length),
        ...(cursor === '' ? {} : { cursor }),
      },
    })
    found.push(...page.items)
    cursor = page.next
  }
  return found
}

async function printDue(
  api: ApiClient,
  plan: RetentionPlan['classes'][number],
  horizonDays: number,
): Promise<void> {
  const rows = await dueOf(api, plan, horizonDays, LISTED)
  if (rows.length === 0) return
  print('')
  print(`${visibleLine(plan.name)}:`)
  for (const { exchange, dueAtMs, holds } of rows)
    print(
      `  ${exchange}  ${timeText(dueAtMs).slice(0, 16)}${holds.length > 0 ? `  kept by ${holds.join(', ')}` : ''}`,
    )
  const more = plan.due.exchanges + plan.soon.exchanges - rows.length
  if (more > 0) print(`  and ${more} more; --json names all`)
}

async function run(options: RunOptions): Promise<void> {
  const api = gatewayFor(options)
  const limit = count(options.limit, '--limit', 100_000)
  const sum = { erased: 0, bytes: 0, held: 0, more: true }
  while (sum.more && sum.erased < limit) {
    const exchangesMax = Math.min(100, limit - sum.erased)
    const step = await api.call(runRetention, { body: { exchangesMax } })
    sum.erased += step.erased
    sum.bytes += step.bytes
    sum.held += step.held
    sum.more = step.more
  }
  if (options.json === true) printJson(sum)
  else {
    print(`erased ${sum.erased} exchanges, ${bytesText(sum.bytes)}; ${sum.held} are held`)
    if (sum.more) print('more is due')
  }
}
