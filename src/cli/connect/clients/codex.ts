/** Codex: a provider of its own in config.toml, with a command that prints the credential. */
import { join } from 'node:path'
import type { ConnectedClient, Machine, Target } from '../client.ts'

const folderOf = ({ home, env }: Machine): string => env['CODEX_HOME'] ?? join(home, '.codex')

const REFRESH_MS = 300_000

export const codex: ConnectedClient = {
  name: 'codex',
  title: 'Codex',
  isFound: (machine) => machine.hasProgram('codex') || machine.exists(folderOf(machine)),
  plan: (machine, target) => ({
    kind: 'files',
    files: [
      {
        path: join(folderOf(machine), 'config.toml'),
        format: 'toml',
        isSecret: false,
        settings: [
          { path: ['model_provider'], value: 'custody' },
          {
            path: ['model_providers', 'custody'],
            value: {
              name: 'Custody',
              base_url: `${target.gateway}/openai/v1`,
              wire_api: 'responses',
              auth: authOf(target),
            },
          },
        ],
      },
    ],
  }),
}

function authOf({ credential }: Target) {
  return credential.kind === 'key'
    ? { command: 'cat', args: [credential.file] }
    : { command: credential.command, args: credential.args, refresh_interval_ms: REFRESH_MS }
}
