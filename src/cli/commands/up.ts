/** `custody up`: runs the gateway until a signal, printing what a newcomer needs to send the first prompt. */
import type { Command } from 'commander'
import { once } from 'node:events'
import { startApp } from '../../app/app.ts'
import type { Flags } from '../../config/overrides.ts'
import { configFile } from '../../config/load.ts'
import { watchConfig } from '../../config/reload.ts'
import { configFor } from '../load.ts'
import { print, printJson, say } from '../output.ts'
import { stopSignal } from '../stop-signal.ts'
import { terminal } from '../terminal.ts'
import { welcome } from '../welcome.ts'

interface UpOptions extends Flags {
  readonly json?: boolean
}

export function registerUp(program: Command): void {
  program
    .command('up')
    .description('run the gateway')
    .option('--data <folder>', 'data folder (default ./custody-data)')
    .option(
      '--listen <host:port>',
      'data plane, where callers connect (default 127.0.0.1:8080; port 0 takes a free one)',
    )
    .option(
      '--admin <host:port>',
      'control plane: health, metrics (default 127.0.0.1:8081; port 0 takes a free one)',
    )
    .option('--config <file>', 'custody.yaml')
    .option('--json', 'print one JSON line when ready')
    .action(async (options: UpOptions) => {
      await up(options)
    })
}

async function up(options: UpOptions): Promise<void> {
  const { config, warnings } = configFor(options)
  for (const warning of warnings) say(`warning: ${warning}`)
  await using app = await startApp(config, { servesCallers: true })
  using _watch = watchConfig({
    file: configFile({ env: terminal().env, flags: options }),
    env: terminal().env,
    flags: options,
    current: config,
    onReload: app.reload,
    onRefused: app.refuseReload,
  })
  if (options.json === true) {
    printJson({
      proxyUrl: app.proxyUrl,
      adminUrl: app.adminUrl,
      loginUrl: app.loginUrl,
      key: app.starterKey,
      pid: process.pid,
      dataDir: config.storage.folder,
      sandboxUrl: app.sandboxUrl,
    })
  } else {
    for (const line of welcome(app, config.storage.folder, options.config)) print(line)
  }
  // Held until the process ends: a second one ends the draining.
  const stop = stopSignal()
  await once(stop.signal, 'abort')
  if (options.json !== true) say('custody: draining …')
}
