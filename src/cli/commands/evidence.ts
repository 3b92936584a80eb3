/** `custody evidence rotate-log-key`: hands the transparency log over to a new key, signed by the old one. */
import type { Command } from 'commander'
import { join } from 'node:path'
import { nodeDisk } from '../../evidence/disk.ts'
import { EvidenceLog } from '../../evidence/evidence-log.ts'
import { openLocalKeyProvider } from '../../evidence/key-provider.ts'
import { formatNoteKey } from '../../evidence/log/note-key.ts'
import { SegmentFiles } from '../../evidence/segment-files.ts'
import { systemClock } from '../../lib/clock.ts'
import { hasRecords, lockDataFolder } from '../data-folder.ts'
import { configFor } from '../load.ts'
import { EXIT, failWith, print, printJson } from '../output.ts'

interface RotateOptions {
  readonly json?: boolean
  readonly data?: string
  readonly config?: string
}

export function registerEvidence(program: Command): void {
  program
    .command('evidence')
    .description('keys of the evidence')
    .command('rotate-log-key')
    .description('make a new key for the transparency log; the gateway must be stopped')
    .option('--json', 'one JSON object: the old and the new verifier key')
    .option('--data <folder>', 'data folder (default ./custody-data)')
    .option('--config <file>', 'custody.yaml')
    .action(rotate)
}

async function rotate(options: RotateOptions): Promise<void> {
  const { folder } = configFor({ data: options.data, config: options.config }).config.storage
  if (!hasRecords(folder)) return
  using lock = await lockDataFolder(folder)
  if (lock === null)
    return failWith(EXIT.failed, `a gateway is using ${folder}`, 'stop it first; it takes a second')
  const provider = await openLocalKeyProvider(join(folder, 'keys'))
  await using log = await EvidenceLog.open({
    disk: nodeDisk,
    folder,
    provider,
    clock: systemClock,
    files: new SegmentFiles(nodeDisk, folder, provider),
  })
  const before = formatNoteKey(log.keys.signer.key)
  await log.writer.rotateKey()
  const after = formatNoteKey(log.keys.signer.key)
  if (options.json === true) printJson({ before, after })
  else {
    print(`old key  ${before}`)
    print(`new key  ${after}`)
  }
}
