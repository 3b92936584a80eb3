/** Claude Code: `apiKeyHelper` and the base URL in its settings; its own keys would win, so they are taken out. */
import { join } from 'node:path'
import { helperLine } from '../client.ts'
import type { ConnectedClient, Machine } from '../client.ts'

const folderOf = ({ home, env }: Machine): string =>
  env['CLAUDE_CONFIG_DIR'] ?? join(home, '.claude')

export const claudeCode: ConnectedClient = {
  name: 'claude-code',
  title: 'Claude Code',
  isFound: (machine) => machine.hasProgram('claude') || machine.exists(folderOf(machine)),
  plan: (machine, target) => {
    const path = join(folderOf(machine), 'settings.json')
    const text = machine.read(path) ?? ''
    if (/"CLAUDE_CODE_USE_(?:BEDROCK|VERTEX|FOUNDRY)"/.test(text))
      return { kind: 'refused', reason: 'it is set to use a cloud provider of its own' }
    return {
      kind: 'files',
      files: [
        {
          path,
          format: 'json',
          isSecret: false,
          settings: [
            { path: ['apiKeyHelper'], value: helperLine(target) },
            { path: ['env', 'ANTHROPIC_BASE_URL'], value: `${target.gateway}/anthropic` },
            { path: ['env', 'ANTHROPIC_AUTH_TOKEN'], value: undefined },
            { path: ['env', 'ANTHROPIC_API_KEY'], value: undefined },
          ],
        },
      ],
    }
  },
}
