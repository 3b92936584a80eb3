/** `custody proof <id>`: writes files that prove, offline, that a record stands in the transparency log. */
import type { Command } from 'commander'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeDisk } from '../../evidence/disk.ts'
import { logFolder } from '../../evidence/evidence-log.ts'
import { LogFolder } from '../../evidence/log/log-folder.ts'
import { proveRecord } from '../../evidence/record-proof.ts'
import { configFor } from '../load.ts'
import { EXIT, failWith, print, printJson } from '../output.ts'
import { exchangeIdFrom } from '../find-exchange.ts'

interface ProofOptions {
  readonly out?: string
  readonly json?: boolean
  readonly data?: string
  readonly config?: string
}

export function registerProof(program: Command): void {
  program
    .command('proof')
    .description('write .tlog-proof files of an exchange; custody verify reads them anywhere')
    .argument('<id>', 'exchange id')
    .option('--out <folder>', 'where to write them (default: here)')
    .option('--json', 'one JSON object: the files and their leaves')
    .option('--data <folder>', 'data folder (default ./custody-data)')
    .option('--config <file>', 'custody.yaml')
    .action(proof)
}

async function proof(text: string, options: ProofOptions): Promise<void> {
  const id = exchangeIdFrom(text)
  if (id === null) return
  const { folder } = configFor({ data: options.data, config: options.config }).config.storage
  if (!existsSync(logFolder(folder)))
    return failWith(EXIT.failed, `there is no transparency log in ${folder}`, 'name it with --data')
  const proofs = await proveRecord(new LogFolder(nodeDisk, logFolder(folder)), id)
  if (proofs.length === 0)
    return failWith(
      EXIT.notFound,
      `the log has no leaf of ${id}`,
      'a leaf has its checkpoint about a second after the exchange began',
    )
  const out = options.out ?? '.'
  mkdirSync(out, { recursive: true })
  for (const { name, file } of proofs) writeFileSync(join(out, name), file)
  if (options.json === true)
    printJson({ files: proofs.map(({ name, leaf }) => ({ path: join(out, name), leaf })) })
  else for (const { name, leaf } of proofs) print(`${join(out, name)}  leaf ${leaf.sequence}`)
}
