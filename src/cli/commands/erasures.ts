/** `custody erasures`: erasures of a value that run or ran on a gateway; cancels them and goes on with them. */
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import {
  cancelErasureJob,
  listErasureJobs,
  resumeErasureJob,
  type ErasureJobHead,
} from '../../api/contract/erasure-jobs.ts'
import { followErasure, progressText, type FollowOptions } from '../follow-erasure.ts'
import { print, printJson, printTable, timeText } from '../output.ts'
import { gatewayFor } from '../remote/gateway-only.ts'
import { withServer, type ServerOptions } from '../remote/server-options.ts'

interface ListOptions extends ServerOptions {
  readonly json?: boolean
}

interface ResumeOptions extends ServerOptions, FollowOptions {
  readonly valueFile: string
}

export function registerErasures(program: Command): void {
  const erasures = program
    .command('erasures')
    .description('erasures of a value: how far they are; cancel them, go on with them')
  withServer(
    erasures
      .command('list', { isDefault: true })
      .description('newest first')
      .option('--json', 'JSON Lines'),
  ).action(list)
  withServer(
    erasures
      .command('show')
      .description('follow one to its end; its receipt')
      .argument('<id>', 'as the list has it')
      .option('--receipt <file>', 'write the receipt with its proofs here')
      .option('--json', 'one JSON object'),
  ).action((id: string, options: ServerOptions & FollowOptions) =>
    followErasure(gatewayFor(options), id, options),
  )
  withServer(
    erasures
      .command('cancel')
      .description('stop one; what was erased until then is erased')
      .argument('<id>', 'as the list has it'),
  ).action(async (id: string, options: ServerOptions) => {
    const job = await gatewayFor(options).call(cancelErasureJob, { params: { id } })
    print(`${job.id}  ${progressText(job)}`)
  })
  withServer(
    erasures
      .command('resume')
      .description('go on with one that was cancelled, refused or interrupted')
      .argument('<id>', 'as the list has it')
      .requiredOption('--value-file <file>', 'the same text again; it is kept nowhere')
      .option('--receipt <file>', 'write the receipt with its proofs here')
      .option('--json', 'one JSON object'),
  ).action(async (id: string, options: ResumeOptions) => {
    const api = gatewayFor(options)
    await api.call(resumeErasureJob, {
      params: { id },
      body: { value: valueIn(options.valueFile) },
    })
    await followErasure(api, id, options)
  })
}

/** Threat: arguments are seen by every process of the machine; a value to be forgotten must not be one. */
export function valueIn(file: string): string {
  return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
}

async function list(options: ListOptions): Promise<void> {
  const { items } = await gatewayFor(options).call(listErasureJobs, {})
  if (options.json === true) {
    for (const job of items) printJson(job)
    return
  }
  printTable(items, [
    { title: 'ID', of: ({ id }: ErasureJobHead) => id, widthMax: 40 },
    { title: 'BEGUN', of: ({ createdAtMs }) => timeText(createdAtMs).slice(0, 16), widthMax: 16 },
    { title: 'BY', of: ({ personName }) => personName, widthMax: 24 },
    { title: 'STATE', of: ({ state, dryRun }) => (dryRun ? `dry, ${state}` : state), widthMax: 16 },
    { title: 'ERASED', of: ({ erased }) => String(erased), widthMax: 10, align: 'right' },
    { title: 'LEFT', of: ({ found }) => String(found), widthMax: 10, align: 'right' },
    { title: 'READ', of: ({ searched, total }) => `${searched} of ${total}`, widthMax: 24 },
    { title: 'REASON', of: ({ reason }) => reason, widthMax: 40 },
  ])
}
