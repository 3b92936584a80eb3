/** `custody export`: writes a signed evidence bundle of exchanges to a file. */
import type { Command } from 'commander'
import { createExport } from '../../api/contract/exports.ts'
import { readFilter, withFilters, type FilterOptions } from '../exchange-filter.ts'
import { say } from '../output.ts'
import { gatewayFor, reasonFrom } from '../remote/gateway-only.ts'
import { filterQuery } from '../remote/remote-exchanges.ts'
import { usageFailure } from '../remote/remote-failure.ts'
import { withServer, type ServerOptions } from '../remote/server-options.ts'
import { saveBundle } from '../save-bundle.ts'
import { filterBody } from './holds.ts'

interface ExportOptions extends ServerOptions, FilterOptions {
  readonly out?: string
  readonly raw?: boolean
  readonly to?: readonly string[]
  readonly format?: readonly string[]
  readonly case?: string
  readonly exhibit?: string
  readonly reason?: string
}

const more = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
]

export function registerExport(program: Command): void {
  withServer(
    withFilters(
      program
        .command('export')
        .description('exchanges as one signed bundle that others can check')
        .argument('[exchanges...]', 'exchange ids; or filters')
        .option('--out <file>', 'where to; a file that is there is not overwritten')
        .option('--raw', 'content as it was; only investigators. Otherwise masked')
        .option('--to <recipient>', 'encrypt to this age recipient (age1…); repeatable', more)
        .option('--format <name>', 'also as har, warc, jsonl or csv; repeatable', more)
        .option('--case <name>', 'the case it belongs to')
        .option('--exhibit <name>', 'what you call it')
        .option('--reason <text>', 'why; it is recorded'),
    ),
  ).action(exportBundle)
}

async function exportBundle(exchanges: readonly string[], options: ExportOptions): Promise<void> {
  const api = gatewayFor(options)
  const { out } = options
  if (out === undefined) throw usageFailure('--out names the file to write', '')
  const filter = readFilter(options, Date.now())
  if (filter.kind === 'problem') throw usageFailure(`${filter.option} ${filter.message}`, '')
  const body = {
    ...(exchanges.length > 0 ? { exchanges } : { filter: filterBody(filterQuery(filter.filter)) }),
    content: options.raw === true ? 'raw' : 'masked',
    recipients: options.to ?? [],
    formats: options.format ?? [],
    ...(options.case === undefined ? {} : { case: options.case }),
    ...(options.exhibit === undefined ? {} : { exhibit: options.exhibit }),
    reason: reasonFrom(options.reason),
  }
  if (exchanges.length === 0 && Object.keys(filter.filter).length === 0)
    throw usageFailure('name exchanges or filters', 'such as --principal ada --since 7d')
  const isSaved = await saveBundle(out, (signal) => api.open(createExport, { body }, signal))
  if (isSaved && body.recipients.length === 0)
    say('note: it is not encrypted; --to age1… encrypts it')
}
