/** `custody exports`: exports that wait for another person; lists, approves, denies and fetches them. */
import type { Command } from 'commander'
import {
  decideExportOrder,
  fetchExportOrder,
  listExportOrders,
  type WaitingExport,
} from '../../api/contract/export-orders.ts'
import { visibleLine } from '../../lib/visible-text.ts'
import { print, printJson, printTable, timeText } from '../output.ts'
import { gatewayFor, reasonFrom } from '../remote/gateway-only.ts'
import { usageFailure } from '../remote/remote-failure.ts'
import { withServer, type ServerOptions } from '../remote/server-options.ts'
import { saveBundle } from '../save-bundle.ts'

interface Options extends ServerOptions {
  readonly json?: boolean
  readonly reason?: string
  readonly out?: string
}

export function registerExports(program: Command): void {
  const exports = program
    .command('exports')
    .description('exports that wait for another person to approve them')
  withServer(
    exports
      .command('list', { isDefault: true })
      .description('the newest hundred, with who asked and who decided')
      .option('--json', 'JSON Lines'),
  ).action(list)
  for (const [name, decision] of [
    ['approve', 'approved'],
    ['deny', 'denied'],
  ] as const)
    withServer(
      exports
        .command(name)
        .description(name === 'approve' ? 'let exactly this export leave, once' : 'refuse it')
        .argument('<order>', 'id of the order (custody exports)')
        .option('--reason <text>', 'why; it is recorded')
        .option('--json', 'one JSON object'),
    ).action((order: string, options: Options) => decide(order, decision, options))
  withServer(
    exports
      .command('fetch')
      .description('the bundle of an export of yours that was approved')
      .argument('<order>', 'id of the order')
      .option('--out <file>', 'where to; a file that is there is not overwritten'),
  ).action(fetchBundle)
}

async function list(options: Options): Promise<void> {
  const api = gatewayFor(options)
  const { items } = await api.call(listExportOrders, { query: { limit: 100 } })
  if (options.json === true) {
    for (const item of items) printJson(item)
    return
  }
  printTable<WaitingExport>(items, [
    { title: 'ORDER', of: ({ id }) => id, widthMax: 29 },
    { title: 'STATE', of: ({ state }) => state, widthMax: 8 },
    { title: 'CONTENT', of: ({ content }) => content, widthMax: 7 },
    { title: 'EXCHANGES', of: (one) => String(one.exchanges.length), widthMax: 9, align: 'right' },
    { title: 'ASKED BY', of: ({ askedBy }) => visibleLine(askedBy), widthMax: 24 },
    { title: 'AT', of: ({ askedAtMs }) => timeText(askedAtMs).slice(0, 16), widthMax: 16 },
    { title: 'DECIDED BY', of: ({ decidedBy }) => visibleLine(decidedBy ?? ''), widthMax: 24 },
    { title: 'REASON', of: ({ reason }) => visibleLine(reason), widthMax: 40 },
  ])
}

async function decide(
  order: string,
  decision: 'approved' | 'denied',
  options: Options,
): Promise<void> {
  const api = gatewayFor(options)
  const body = { decision, reason: reasonFrom(options.reason) }
  const decided = await api.call(decideExportOrder, { params: { id: order }, body })
  if (options.json === true) printJson(decided)
  else print(`${decided.id}  ${decided.state}`)
}

async function fetchBundle(order: string, options: Options): Promise<void> {
  const api = gatewayFor(options)
  if (options.out === undefined) throw usageFailure('--out names the file to write', '')
  const { out } = options
  await saveBundle(out, (signal) =>
    api.open(fetchExportOrder, { params: { id: order }, body: {} }, signal),
  )
}
