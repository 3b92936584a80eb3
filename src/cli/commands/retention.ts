/** `custody retention`: says what will be erased because it is old, and has it erased now. */
import type { Command } from 'commander'
import { planRetention, runRetention } from '../../api/contract/keeping.ts'
import { bytesText, print, printJson, printTable, timeText } from '../output.ts'
import { gatewayFor } from '../remote/gateway-only.ts'
import { usageFailure } from '../remote/remote-failure.ts'
import { withServer, type ServerOptions } from '../remote/server-options.ts'

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
      .description('what is due, what becomes due, and what a legal hold keeps')
      .option('--days <count>', 'look so far ahead', '7')
      .option('--json', 'one JSON object'),
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
    printJson(found)
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
