/** The shell: variables that the SDKs of OpenAI, Anthropic, Google and AWS read, in the start files that are there. */
import { join } from 'node:path'
import { NEEDS_KEY, shellWord } from '../client.ts'
import type { ConnectedClient, Machine } from '../client.ts'

const FILES = ['.bashrc', '.zshrc'] as const

const filesOf = ({ home, exists }: Machine): readonly string[] =>
  FILES.map((name) => join(home, name)).filter(exists)

export const shell: ConnectedClient = {
  name: 'shell',
  title: 'Shell (SDKs)',
  isFound: (machine) => filesOf(machine).length > 0,
  plan: (machine, { gateway, credential }) => {
    if (credential.kind !== 'key') return NEEDS_KEY
    const files = filesOf(machine)
    if (files.length === 0)
      return { kind: 'refused', reason: 'neither .bashrc nor .zshrc is there' }
    // Read when a shell starts, so that no start file holds the key.
    const key = `"$(cat ${shellWord(credential.file)})"`
    const lines = [
      `export OPENAI_BASE_URL=${gateway}/openai/v1 OPENAI_API_KEY=${key}`,
      `export ANTHROPIC_BASE_URL=${gateway}/anthropic ANTHROPIC_API_KEY=${key}`,
      `export GOOGLE_GEMINI_BASE_URL=${gateway}/gemini GEMINI_API_KEY=${key}`,
      `export AWS_ENDPOINT_URL_BEDROCK_RUNTIME=${gateway}/bedrock AWS_BEARER_TOKEN_BEDROCK=${key}`,
    ]
    return {
      kind: 'files',
      files: files.map((path) => ({
        path,
        format: 'block',
        isSecret: false,
        settings: [{ path: [], value: lines.join('\n') }],
      })),
    }
  },
}
