/** aider: the OpenAI base URL and key in .aider.conf.yml. */
import { join } from 'node:path'
import { NEEDS_KEY } from '../client.ts'
import type { ConnectedClient, Machine } from '../client.ts'

const fileOf = ({ home }: Machine): string => join(home, '.aider.conf.yml')

export const aider: ConnectedClient = {
  name: 'aider',
  title: 'aider',
  isFound: (machine) => machine.hasProgram('aider') || machine.exists(fileOf(machine)),
  plan: (machine, { gateway, credential }) => {
    if (credential.kind !== 'key') return NEEDS_KEY
    return {
      kind: 'files',
      files: [
        {
          path: fileOf(machine),
          format: 'yaml',
          isSecret: true,
          settings: [
            { path: ['openai-api-base'], value: `${gateway}/openai/v1` },
            { path: ['openai-api-key'], value: credential.key },
          ],
        },
      ],
    }
  },
}
