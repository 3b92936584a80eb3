/** `custody erase`: erases exchanges on request, with a receipt that proves it; or says why not. */
import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { beginErasureJob } from '../../api/contract/erasure-jobs.ts'
import {
  createErasure,
  previewErasure,
  type ErasurePreview,
  type ErasureResult,
} from '../../api/contract/keeping.ts'
import { visibleLine } from '../../lib/visible-text.ts'
import { followErasure } from '../follow-erasure.ts'
import { EXIT, bytesText, failWith, print, printJson, say } from '../output.ts'
import { gatewayFor, reasonFrom } from '../remote/gateway-only.ts'
import { usageFailure } from '../remote/remote-failure.ts'
import { valueIn } from './erasures.ts'
import { withServer, type ServerOptions } from '../remote/server-options.ts'

const DRY_RUN = 'to see what would be erased'

interface EraseOptions extends ServerOptions {
  readonly everythingOf?: string
  readonly valueFile?: string
  readonly reason?: string
  readonly dryRun?: boolean
  readonly despiteMinimum?: boolean
  readonly receipt?: string
  readonly json?: boolean
}

export function registerErase(program: Command): void {
  withServer(
    program
      .command('erase')
      .description('erase exchanges for good, with a receipt; a legal hold refuses it')
      .argument('[exchanges...]', 'exchange ids')
      .option('--everything-of <id>', 'everything that this person, job or service sent')
      .option(
        '--value-file <file>',
        'every exchange in which the text in this file stands; reads everything, so it takes a while',
      )
      .option('--reason <text>', 'why; it is recorded')
      .option('--dry-run', 'only say what would be erased')
      .option('--despite-minimum', 'also before the minimum of its retention class; recorded')
      .option('--receipt <file>', 'write the receipt with its proofs here')
      .option('--json', 'one JSON object'),
  ).action(erase)
}

async function erase(exchanges: readonly string[], options: EraseOptions): Promise<void> {
  const api = gatewayFor(options)
  const despiteMinimum = options.despiteMinimum === true
  if (options.valueFile !== undefined) {
    if (exchanges.length > 0 || options.everythingOf !== undefined) throw oneThing()
    const job = await api.call(beginErasureJob, {
      body: {
        value: valueIn(options.valueFile),
        reason: reasonFrom(options.dryRun === true ? DRY_RUN : options.reason),
        despiteMinimum,
        dryRun: options.dryRun === true,
      },
    })
    if (options.json !== true) say(job.id)
    await followErasure(api, job.id, options)
    return
  }
  const scope = scopeOf(exchanges, options)
  if (options.dryRun === true) {
    const preview = await api.call(previewErasure, { body: { scope, despiteMinimum } })
    if (options.json === true) printJson(preview)
    else {
      for (const id of preview.exchanges) print(id)
      sayRefusals(preview)
      say(`${preview.exchanges.length} exchanges would be erased`)
    }
    return
  }
  const reason = reasonFrom(options.reason)
  const result = await api.call(createErasure, { body: { scope, reason, despiteMinimum } })
  if (options.receipt !== undefined && result.request !== null) {
    writeFileSync(options.receipt, `${JSON.stringify(result, null, 2)}\n`, { mode: 0o600 })
  }
  if (options.json === true) printJson(result)
  else sayResult(result)
  const { refused } = result
  if (refused === null && result.refusals.length === 0) return
  if (refused !== null) sayRefusals(refused)
  for (const { exchange, detail } of result.refusals) say(`${exchange}: ${visibleLine(detail)}`)
  failWith(
    EXIT.failed,
    refused === null ? 'some of it was not erased' : 'nothing was erased',
    'a legal hold is released by another person: custody holds release',
  )
}

function scopeOf(exchanges: readonly string[], options: EraseOptions): object {
  const { everythingOf } = options
  const wanted: object[] = []
  if (exchanges.length > 0) wanted.push({ kind: 'exchange', exchanges })
  if (everythingOf !== undefined) wanted.push({ kind: 'principal', principal: everythingOf })
  const [scope, ...more] = wanted
  if (scope !== undefined && more.length === 0) return scope
  throw oneThing()
}

const oneThing = () =>
  usageFailure('name one thing to erase', 'exchange ids, --everything-of or --value-file')

function sayResult({ erasures }: ErasureResult): void {
  for (const receipt of erasures) {
    const { erasure, event, exchanges, frames, bytes, shared, leafIndex, naming } = receipt
    print(
      `${erasure}  ${exchanges.length} exchanges, ${frames} frames, ${bytesText(bytes)}; ` +
        `${shared} blocks stay for others; event ${event}, leaf ${leafIndex ?? 'none yet'}`,
    )
    if (naming.length > 0)
      say(`events of an older version still name the caller: ${naming.join(', ')}`)
  }
}

function sayRefusals({ refusals, truncated, unreadable, searched }: ErasurePreview): void {
  for (const { exchange, detail } of refusals) say(`${exchange}: ${visibleLine(detail)}`)
  if (searched > 0) say(`${searched} exchanges were read, ${unreadable} could not be`)
  if (truncated) say('there is more: ask again when this is done')
}
