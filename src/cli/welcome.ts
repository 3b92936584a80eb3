/** What `custody up` prints when it is ready: where things are, and lines that can be pasted as they stand. */
import { join, relative, resolve } from 'node:path'
import type { App } from '../app/app.ts'
import { shellWord } from './connect/client.ts'
import { terminal } from './terminal.ts'

type Ready = Pick<
  App,
  'version' | 'proxyUrl' | 'adminUrl' | 'loginUrl' | 'starterKey' | 'upstreams'
>

const ROOT = join(import.meta.dirname, '..', '..')

/** `config` is the file that was named by hand. */
export function welcome(app: Ready, folder: string, config: string | undefined): readonly string[] {
  const key = app.starterKey ?? '<key>'
  const { proxyUrl } = app
  const custody = spokenCommand(terminal().folder)
  const where = whereabouts(folder, config)
  const has = (name: string): boolean => app.upstreams.some((upstream) => upstream.name === name)
  const lines = [
    '',
    `  Custody ${app.version} is recording.`,
    '',
    `  proxy      ${proxyUrl}`,
    `  control    ${app.adminUrl}   (/healthz /readyz /metrics)`,
    ...(app.loginUrl === null ? [] : [`  log in     ${app.loginUrl}   (once, within 15 minutes)`]),
    `  data       ${folder}`,
    app.starterKey === null
      ? `  key        make one: ${custody} keys create${where} --name NAME --owner YOU`
      : `  key        ${app.starterKey}`,
    `  upstreams  ${app.upstreams.map((upstream) => (upstream.sandbox ? `${upstream.name} (sandbox)` : upstream.name)).join(', ')}`,
    '',
  ]
  if (app.upstreams.every((upstream) => upstream.sandbox)) {
    lines.push(
      '  No provider key is set, so a built-in sandbox answers: model "echo" repeats your text. For the real ones set',
      '  OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY, AWS_BEARER_TOKEN_BEDROCK, AZURE_OPENAI_API_KEY with',
      '  AZURE_OPENAI_ENDPOINT, or OLLAMA_HOST before npm start.',
      '',
    )
  }
  if (has('openai')) {
    lines.push(
      '  curl',
      `    curl ${proxyUrl}/openai/v1/chat/completions -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" \\`,
      `      -d '{"model":"echo","messages":[{"role":"user","content":"hello"}]}'`,
      '  OpenAI SDKs',
      `    export OPENAI_BASE_URL=${proxyUrl}/openai/v1 OPENAI_API_KEY=${key}`,
    )
  }
  if (has('anthropic')) {
    lines.push(
      '  Anthropic SDKs',
      `    export ANTHROPIC_BASE_URL=${proxyUrl}/anthropic ANTHROPIC_API_KEY=${key}`,
      '  Claude Code',
      `    ANTHROPIC_BASE_URL=${proxyUrl}/anthropic ANTHROPIC_AUTH_TOKEN=${key} claude`,
    )
  }
  if (has('openai')) {
    lines.push(
      '  Codex',
      `    GATEWAY_KEY=${key} codex -c model_providers.custody.name=custody -c model_providers.custody.base_url=${proxyUrl}/openai/v1 \\`,
      '      -c model_providers.custody.env_key=GATEWAY_KEY -c model_provider=custody',
    )
  }
  lines.push(
    '  What was recorded',
    `    ${custody} exchanges${where}`,
    `    ${custody} tail${where}`,
    `    ${custody} show ID${where}`,
    `    ${custody} replay ID${where}`,
    '',
  )
  return lines
}

/** How the command line is called from a folder: `bin/custody` inside the clone, its whole path elsewhere. */
function spokenCommand(folder: string): string {
  const path = join(ROOT, 'bin', 'custody')
  const near = relative(folder, path)
  return shellWord(near.startsWith('..') ? path : near)
}

function whereabouts(folder: string, config: string | undefined): string {
  if (config !== undefined) return ` --config ${shellWord(config)}`
  return folder === resolve(terminal().folder, 'custody-data') ? '' : ` --data ${shellWord(folder)}`
}
