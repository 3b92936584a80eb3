/** `custody reindex`: builds the index again from the segments alone. */
import type { Command } from 'commander'
import { join } from 'node:path'
import type { Config } from '../../config/config.ts'
import { nodeDisk } from '../../evidence/disk.ts'
import { openLocalKeyProvider } from '../../evidence/key-provider.ts'
import { recoverFolder } from '../../evidence/recovery.ts'
import { reindex } from '../../evidence/reindex.ts'
import type { ReindexReport } from '../../evidence/reindex.ts'
import { listInstances } from '../../evidence/segment-scan.ts'
import { readAside, type AsideReport } from '../../app/read-aside.ts'
import { systemClock } from '../../lib/clock.ts'
import type { ExchangeIndex } from '../../store/exchange-index.ts'
import { hasRecords, lockDataFolder, openConfiguredStore } from '../data-folder.ts'
import { configFor } from '../load.ts'
import { EXIT, bytesText, failWith, print, printJson, say } from '../output.ts'
import { visibleLine } from '../../lib/visible-text.ts'

interface ReindexOptions {
  readonly dropOthers?: boolean
  readonly json?: boolean
  readonly data?: string
  readonly config?: string
}

export function registerReindex(program: Command): void {
  program
    .command('reindex')
    .description('build the index again from the segments; the gateway must be stopped')
    .option(
      '--drop-others',
      'PostgreSQL: also drop rows of gateways whose segments are not in this folder',
    )
    .option('--json', 'one JSON object')
    .option('--data <folder>', 'data folder (default ./custody-data)')
    .option('--config <file>', 'custody.yaml')
    .action(run)
}

async function run(options: ReindexOptions): Promise<void> {
  const { config } = configFor({ data: options.data, config: options.config })
  const { folder } = config.storage
  if (!hasRecords(folder)) return
  using lock = await lockDataFolder(folder)
  if (lock === null) {
    failWith(
      EXIT.failed,
      `a gateway is using ${folder}`,
      'stop it first; callers are served again once it is back up',
    )
    return
  }
  const report = await rebuild(config, options.dropOthers === true)
  if (report === null) return
  if (options.json === true) printJson(report)
  else for (const line of reportText(report)) print(line)
  for (const { address, bytes, reason } of report.damage) {
    const at = `${address.instance} segment ${address.segment} offset ${address.offset}`
    say(`damage: ${at}, ${bytesText(bytes)}: ${visibleLine(reason)}`)
  }
  for (const { exchange, half, reason } of report.aside.left)
    say(`not in the trace index: ${exchange} (${half}): ${visibleLine(reason)}`)
  if (report.damage.length > 0) {
    failWith(
      EXIT.failed,
      'some frames are damaged',
      'what they held is missing from the index; restore the segment from a copy',
    )
  }
}

interface Rebuilt extends ReindexReport {
  /** Exchanges that a crash had left open. */
  readonly closed: number
  /** Records that the trace index had set aside. */
  readonly aside: AsideReport
  readonly durationMs: number
}

async function rebuild(config: Config, dropsOthers: boolean): Promise<Rebuilt | null> {
  const { folder } = config.storage
  const clock = systemClock
  const startedMs = clock.monotonicMs()
  await using store = await openConfiguredStore(config)
  const { index } = store
  if (config.storage.index.kind === 'postgres' && !dropsOthers) {
    const others = await otherInstances(folder, index)
    if (others > 0) {
      failWith(
        EXIT.failed,
        `the database also indexes ${others} gateway runs whose segments are not in ${folder}`,
        'they would vanish from every list; --drop-others does it anyway',
      )
      return null
    }
  }
  const provider = await openLocalKeyProvider(join(folder, 'keys'))
  const report = await reindex({ folder, index, keyProvider: provider })
  const { closed } = await recoverFolder({ folder, disk: nodeDisk, index, provider, clock })
  const aside = await readAside(config, store)
  return { ...report, closed, aside, durationMs: clock.monotonicMs() - startedMs }
}

async function otherInstances(folder: string, index: ExchangeIndex): Promise<number> {
  const own = new Set(await listInstances(nodeDisk, folder))
  return (await index.positions()).filter(({ instance }) => !own.has(instance)).length
}

function reportText(report: Rebuilt): string[] {
  const { instances, exchanges, blocks, events, damage, closed, aside, durationMs } = report
  return [
    `gateway runs      ${instances}`,
    `exchange records  ${exchanges} (an exchange counts when it opens and when it ends)`,
    `blocks            ${blocks}`,
    `events            ${events}`,
    `closed            ${closed} that a crash had left open`,
    `damaged places    ${damage.length}`,
    ...(aside.taken + aside.left.length === 0
      ? []
      : [
          `set aside         ${aside.taken} now in the trace index, ${aside.left.length} still not`,
        ]),
    `took              ${(durationMs / 1000).toFixed(1)}s`,
  ]
}
