/** Every client that `custody connect` can lead through the gateway, in the order in which they are shown. */
import type { ConnectedClient } from './client.ts'
import { aider } from './clients/aider.ts'
import { claudeCode } from './clients/claude-code.ts'
import { codex } from './clients/codex.ts'
import { continueDev } from './clients/continue.ts'
import { geminiCli } from './clients/gemini-cli.ts'
import { opencode } from './clients/opencode.ts'
import { shell } from './clients/shell.ts'

export const CLIENTS: readonly ConnectedClient[] = [
  claudeCode,
  codex,
  opencode,
  geminiCli,
  aider,
  continueDev,
  shell,
]
