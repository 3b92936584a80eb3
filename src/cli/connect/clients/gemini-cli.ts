/** Gemini CLI: base URL and key in its .env; they count only when it logs in by key, so that is chosen as well. */
import { join } from 'node:path'
import { NEEDS_KEY } from '../client.ts'
import type { ConnectedClient, Machine } from '../client.ts'

const folderOf = ({ home }: Machine): string => join(home, '.gemini')

export const geminiCli: ConnectedClient = {
  name: 'gemini-cli',
  title: 'Gemini CLI',
  isFound: (machine) => machine.hasProgram('gemini') || machine.exists(folderOf(machine)),
  plan: (machine, { gateway, credential }) => {
    if (credential.kind !== 'key') return NEEDS_KEY
    const folder = folderOf(machine)
    const lines = [`GOOGLE_GEMINI_BASE_URL=${gateway}/gemini`, `GEMINI_API_KEY=${credential.key}`]
    return {
      kind: 'files',
      files: [
        {
          path: join(folder, '.env'),
          format: 'block',
          isSecret: true,
          settings: [{ path: [], value: lines.join('\n') }],
        },
        {
          path: join(folder, 'settings.json'),
          format: 'json',
          isSecret: false,
          settings: [{ path: ['security', 'auth', 'selectedType'], value: 'gemini-api-key' }],
        },
      ],
    }
  },
}
