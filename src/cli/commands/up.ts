/** `custody up`: runs the gateway until a signal, printing what a newcomer needs to send the first prompt. */
import type { Command } from 'commander'
import { startApp } from '../../app/app.ts'
import type { App } from '../../app/app.ts'
import type { Flags } from '../../config/overrides.ts'
import { configFile } from '../../config/load.ts'
import { watchConfig } from '../../config/reload.ts'
import { configFor } from '../load.ts'
import { print, printJson, say } from '../output.ts'
import { terminal } from '../terminal.ts'

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
    for (const line of welcome(app, config.storage.folder)) print(line)
  }
  await stopSignal()
  if (options.json !== true) say('custody: draining …')
}

/** Resolves on the first SIGTERM or SIGINT; a second one ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    const onSignal = (): void => {
      if (asked) process.exit(1)
      asked = true
      resolve()
    }
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
  })
}

function welcome(app: App, folder: string): string[] {
  const key = app.starterKey ?? '<key>'
  const { proxyUrl } = app
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
      ? '  key        make one: custody keys create --name NAME --owner YOU'
      : `  key        ${app.starterKey}`,
    `  upstreams  ${app.upstreams.map((upstream) => (upstream.sandbox ? `${upstream.name} (sandbox)` : upstream.name)).join(', ')}`,
    '',
  ]
  if (app.upstreams.every((upstream) => upstream.sandbox)) {
    lines.push(
      '  No provider key is set, so a built-in sandbox answers: model "echo" repeats your text. For the real ones set',
      '  OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY, AWS_BEARER_TOKEN_BEDROCK or OLLAMA_HOST before npm start.',
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
  lines.push('', '  Then: custody exchanges, custody show ID, custody replay ID, custody tail', '')
  return lines
}
