/** Claude Code and the Codex CLI as published, installed into a folder of their own: one prompt, and what its user reads. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AskingClient, ZooPlace } from './zoo.ts'

const FOLDER = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'custody-agents')
/** Where the programs of the agents are. */
export const AGENT_PROGRAMS = join(FOLDER, 'node_modules', '.bin')
const VERSIONS = { '@anthropic-ai/claude-code': '2.1.332', '@openai/codex': '0.171.0' } as const
/** Far more than any scenario takes; an agent that waits for ever ends the test, not the machine. */
const PATIENCE_MS = 240_000
/** No agent asks anything beside the gateway, and what it asks elsewhere ends on this machine. */
const NOWHERE = {
  HTTPS_PROXY: 'http://127.0.0.1:9',
  HTTP_PROXY: 'http://127.0.0.1:9',
  NO_PROXY: '127.0.0.1,localhost',
  no_proxy: '127.0.0.1,localhost',
}

/** Installs what is not there yet. */
export function installAgents(): void {
  const wanted = Object.entries(VERSIONS).map(([name, version]) => `${name}@${version}`)
  const stamp = join(FOLDER, 'installed')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted.join()) return
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(join(FOLDER, 'package.json'), '{"private":true}')
  const { status } = spawnSync(
    'npm',
    ['install', '--save-exact', '--no-audit', '--no-fund', ...wanted],
    { cwd: FOLDER, stdio: ['ignore', 2, 2] },
  )
  if (status !== 0) throw new Error('the agents cannot be installed from npm')
  writeFileSync(stamp, wanted.join())
}

export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Gives what it printed; rejects with that when it failed. */
export async function runAgent(home: string, { program, args, env }: Command): Promise<string> {
  const child = spawn(join(AGENT_PROGRAMS, program), args, {
    cwd: home,
    env: { PATH: process.env['PATH'], HOME: home, ...NOWHERE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (out += text))
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('close', resolve)
    child.on('error', reject)
  })
  clearTimeout(timer)
  if (code !== 0) throw new Error(out)
  return out
}

async function athome<Result>(ask: (home: string) => Promise<Result>): Promise<Result> {
  const home = await mkdtemp(join(tmpdir(), 'custody-agent-'))
  try {
    return await ask(home)
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Nothing but the prompt is sent. */
export const CLAUDE_QUIET = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_AUTOUPDATER: '1',
} as const

function claude({ url, key }: ZooPlace, text: string): Promise<string> {
  return athome((home) =>
    runAgent(home, {
      program: 'claude',
      args: ['-p', text, '--model', 'echo'],
      env: {
        ANTHROPIC_BASE_URL: `${url}/anthropic`,
        ANTHROPIC_AUTH_TOKEN: key,
        ...CLAUDE_QUIET,
      },
    }),
  )
}

function codex({ url, key }: ZooPlace, text: string): Promise<string> {
  return athome((home) => {
    const config = `model = "echo"
model_provider = "custody"
[model_providers.custody]
name = "Custody"
base_url = "${url}/openai/v1"
env_key = "CUSTODY_KEY"
wire_api = "responses"
`
    writeFileSync(join(home, 'config.toml'), config)
    return runAgent(home, {
      program: 'codex',
      args: ['exec', '--skip-git-repo-check', text],
      env: { CODEX_HOME: home, CUSTODY_KEY: key },
    })
  })
}

export const AGENTS: readonly AskingClient[] = [
  {
    name: '@anthropic-ai/claude-code',
    version: VERSIONS['@anthropic-ai/claude-code'],
    ask: claude,
    retries: true,
  },
  { name: '@openai/codex', version: VERSIONS['@openai/codex'], ask: codex, retries: false },
]
