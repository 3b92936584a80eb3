/** opencode: base URLs of its providers in opencode.json; the key is read from its file. */
import { join } from 'node:path'
import { NEEDS_KEY } from '../client.ts'
import type { ConnectedClient, Machine } from '../client.ts'

const folderOf = ({ home, env }: Machine): string =>
  join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'opencode')

export const opencode: ConnectedClient = {
  name: 'opencode',
  title: 'opencode',
  isFound: (machine) => machine.hasProgram('opencode') || machine.exists(folderOf(machine)),
  plan: (machine, { gateway, credential }) => {
    const folder = folderOf(machine)
    if (machine.exists(join(folder, 'opencode.jsonc')))
      return { kind: 'refused', reason: 'opencode.jsonc holds comments: it is changed by hand' }
    if (credential.kind !== 'key') return NEEDS_KEY
    const key = `{file:${credential.file}}`
    const provider = (name: string, path: string) => [
      { path: ['provider', name, 'options', 'baseURL'], value: gateway + path },
      { path: ['provider', name, 'options', 'apiKey'], value: key },
    ]
    return {
      kind: 'files',
      files: [
        {
          path: join(folder, 'opencode.json'),
          format: 'json',
          isSecret: false,
          settings: [
            ...provider('anthropic', '/anthropic/v1'),
            ...provider('openai', '/openai/v1'),
            ...provider('google', '/gemini/v1beta'),
          ],
        },
      ],
    }
  },
}
