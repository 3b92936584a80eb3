/** Options of commands that work on the data folder, whether or not a gateway runs there, or through the API. */
import type { Command } from 'commander'
import type { Store } from '../store/store.ts'
import { openConfiguredStore } from './data-folder.ts'
import { configFor } from './load.ts'
import { withServer } from './remote/server-options.ts'
import type { ServerOptions } from './remote/server-options.ts'

export interface DataOptions extends ServerOptions {
  readonly json?: boolean
}

/** Options of a command that asks the folder, or a running gateway. */
export function withFolderOrServer(command: Command): Command {
  return withServer(
    command
      .option('--data <folder>', 'data folder (default ./custody-data)')
      .option('--config <file>', 'custody.yaml'),
  )
}

export function withData(command: Command): Command {
  return withFolderOrServer(command.option('--json', 'JSON Lines'))
}

export function storeFor(options: DataOptions): Promise<Store> {
  const { config } = configFor({ data: options.data, config: options.config })
  return openConfiguredStore(config)
}
