import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/harness/temporary-folder.ts'
import type { Target } from './client.ts'
import { LedgerUnreadable } from './ledger.ts'
import { thisMachine } from './machine.ts'
import type { Probe } from './probe.ts'
import { connect, disconnect, listed } from './run-connect.ts'
import type { ConnectEnd } from './run-connect.ts'

const GATEWAY = 'https://gw.acme.example'
const KEY = 'cst_01kb3w9m4v0000000000000001secret'

interface Home {
  readonly home: string
  readonly file: (path: string) => string
  readonly write: (path: string, text: string, mode?: number) => void
  readonly has: (path: string) => boolean
  readonly said: string[]
  readonly shown: string[]
  readonly connect: (more?: Partial<Run>) => Promise<ConnectEnd>
  readonly disconnect: (...names: string[]) => Promise<ConnectEnd>
  readonly states: () => Record<string, string>
}

interface Run {
  readonly names: readonly string[]
  readonly isDry: boolean
  readonly target: Target
  readonly answer: Probe
  readonly agrees: boolean
}

function keyTarget(home: string): Target {
  return { gateway: GATEWAY, credential: { kind: 'key', key: KEY, file: join(home, 'my key') } }
}
const HELPER: Target = {
  gateway: GATEWAY,
  credential: {
    kind: 'helper',
    command: 'custody',
    args: ['token', '--server', 'https://c.example'],
  },
}

async function homeWith(
  run: (home: Home) => Promise<void>,
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  using folder = temporaryFolder()
  const home = folder.path
  const at = (path: string): string => join(home, path)
  const write = (path: string, text: string, mode = 0o644): void => {
    mkdirSync(join(at(path), '..'), { recursive: true })
    writeFileSync(at(path), text, { mode })
  }
  for (const [path, text] of Object.entries(files)) write(path, text)
  const said: string[] = []
  const shown: string[] = []
  const parts = (agrees: boolean) => ({
    machine: thisMachine({ HOME: home, PATH: at('bin') }),
    folder: at('.config/custody'),
    say: (line: string) => said.push(line),
    show: (line: string) => shown.push(line),
    agrees: () => Promise.resolve(agrees),
  })
  await run({
    home,
    write,
    said,
    shown,
    file: (path) => readFileSync(at(path), 'utf8'),
    has: (path) => existsSync(at(path)),
    connect: (more = {}) =>
      connect(parts(more.agrees ?? true), {
        names: more.names ?? [],
        isDry: more.isDry ?? false,
        target: more.target ?? keyTarget(home),
        probe: () => Promise.resolve(more.answer ?? { kind: 'let-in', exchange: 'ex_1' }),
      }),
    disconnect: (...names) => disconnect(parts(true), { names, isDry: false }),
    states: () =>
      Object.fromEntries(listed(parts(true)).map(({ client, state }) => [client, state])),
  })
}

const CLAUDE = '{\n  "model": "opus",\n  "env": {\n    "ANTHROPIC_API_KEY": "sk-ant-old"\n  }\n}\n'
const CODEX = 'model = "gpt-5"\n\n[projects."/srv/a"]\ntrust_level = "trusted"\n'
const OPENCODE = '{\n  "$schema": "https://opencode.ai/config.json"\n}'
const CONTINUE =
  'name: mine # of me\nmodels:\n  - name: a\n    provider: anthropic\n    model: m\n  - name: b\n    provider: mistral\n'
const ALL: Readonly<Record<string, string>> = {
  '.claude/settings.json': CLAUDE,
  '.codex/config.toml': CODEX,
  '.config/opencode/opencode.json': OPENCODE,
  '.gemini/settings.json': '{"theme":"dark"}',
  '.aider.conf.yml': '# aider\ndark-mode: true\n',
  '.continue/config.yaml': CONTINUE,
  '.bashrc': 'alias ll="ls -l"',
  '.zshrc': '',
}

test('every client that is found is led through the gateway, and every file is restored to the byte', () =>
  homeWith(async (home) => {
    // Whatever the umask of this process is.
    chmodSync(join(home.home, '.aider.conf.yml'), 0o644)
    assert.equal(await home.connect(), 'done')
    assert.deepEqual(JSON.parse(home.file('.claude/settings.json')), {
      model: 'opus',
      env: { ANTHROPIC_BASE_URL: `${GATEWAY}/anthropic` },
      apiKeyHelper: `cat '${home.home}/my key'`,
    })
    const codex = home.file('.codex/config.toml')
    assert.ok(codex.startsWith('model = "gpt-5"\nmodel_provider = "custody"\n'))
    assert.match(
      codex,
      /\[model_providers\.custody\]\nname = "Custody"\nbase_url = "https:\/\/gw\.acme\.example\/openai\/v1"/,
    )
    assert.match(codex, /\[model_providers\.custody\.auth\]\ncommand = "cat"/)
    const { provider } = JSON.parse(home.file('.config/opencode/opencode.json'))
    assert.deepEqual(provider.anthropic.options, {
      baseURL: `${GATEWAY}/anthropic/v1`,
      apiKey: `{file:${home.home}/my key}`,
    })
    assert.match(home.file('.gemini/.env'), new RegExp(`GEMINI_API_KEY=${KEY}`))
    assert.equal(
      JSON.parse(home.file('.gemini/settings.json')).security.auth.selectedType,
      'gemini-api-key',
    )
    assert.equal(
      home.file('.aider.conf.yml'),
      `# aider\ndark-mode: true\nopenai-api-base: ${GATEWAY}/openai/v1\nopenai-api-key: ${KEY}\n`,
    )
    assert.match(
      home.file('.continue/config.yaml'),
      /apiBase: https:\/\/gw\.acme\.example\/anthropic\/v1/,
    )
    assert.equal(home.file('.continue/config.yaml').split('apiBase').length, 2)
    assert.match(
      home.file('.bashrc'),
      /^alias ll="ls -l"\n# >>> custody connect >>>\nexport OPENAI_BASE_URL=/,
    )
    for (const secret of ['.gemini/.env', '.aider.conf.yml', '.config/custody/connected.json'])
      assert.equal(statSync(join(home.home, secret)).mode & 0o777, 0o600, secret)

    assert.equal(await home.disconnect(), 'done')
    for (const [path, text] of Object.entries(ALL)) assert.equal(home.file(path), text, path)
    assert.equal(home.has('.gemini/.env'), false)
    assert.equal(statSync(join(home.home, '.aider.conf.yml')).mode & 0o777, 0o644)
    assert.ok(Object.values(home.states()).every((state) => state === 'found'))
  }, ALL))

test('connecting twice is connecting once, and another gateway takes the place of the first', () =>
  homeWith(async (home) => {
    await home.connect()
    const once = Object.keys(ALL).map(home.file)
    assert.equal(await home.connect(), 'nothing-to-do')
    assert.deepEqual(Object.keys(ALL).map(home.file), once)
    const moved = { ...keyTarget(home.home), gateway: 'https://new.example' }
    assert.equal(await home.connect({ target: moved }), 'done')
    for (const path of Object.keys(ALL)) assert.ok(!home.file(path).includes(GATEWAY), path)
    await home.disconnect()
    for (const [path, text] of Object.entries(ALL)) assert.equal(home.file(path), text, path)
  }, ALL))

test('with a login, clients that can run a command are connected and the others are named', () =>
  homeWith(async (home) => {
    assert.equal(await home.connect({ target: HELPER }), 'done')
    assert.equal(
      JSON.parse(home.file('.claude/settings.json')).apiKeyHelper,
      'custody token --server https://c.example',
    )
    assert.match(
      home.file('.codex/config.toml'),
      /command = "custody"\nargs = \["token", "--server", "https:\/\/c\.example"\]\nrefresh_interval_ms = 300000/,
    )
    assert.equal(home.file('.bashrc'), ALL['.bashrc'])
    assert.match(home.said.join('\n'), /Gemini CLI: left alone: .*--key-file/)
    assert.deepEqual(home.states(), {
      'claude-code': 'connected',
      codex: 'connected',
      opencode: 'found',
      'gemini-cli': 'found',
      aider: 'found',
      continue: 'found',
      shell: 'found',
    })
  }, ALL))

test('nothing is written in a dry run, without a yes, or where the gateway does not let the credential in', () =>
  homeWith(async (home) => {
    const refused: Probe = { kind: 'refused', status: 401, code: 'identity.revoked' }
    for (const [run, end] of [
      [{ isDry: true }, 'done'],
      [{ agrees: false }, 'declined'],
      [{ answer: refused }, 'failed'],
      [{ answer: { kind: 'unreachable', reason: 'refused' } }, 'failed'],
    ] as const) {
      assert.equal(await home.connect(run), end)
      for (const [path, text] of Object.entries(ALL)) assert.equal(home.file(path), text, path)
      assert.equal(home.has('.gemini/.env'), false)
      assert.equal(await home.disconnect(), 'nothing-to-do')
    }
    assert.ok(home.shown.some((line) => line.startsWith('+') && line.includes('apiKeyHelper')))
    assert.ok(home.shown.some((line) => line.startsWith('-') && line.includes('ANTHROPIC_API_KEY')))
  }, ALL))

test('a file that cannot be read in full is left alone, and so is one of its client that could be', () =>
  homeWith(
    async (home) => {
      assert.equal(await home.connect(), 'nothing-to-do')
      assert.equal(await home.connect({ names: ['claude-code'] }), 'failed')
      assert.match(home.said.join('\n'), /Claude Code: left alone: .*comments are not understood/)
      assert.match(home.said.join('\n'), /Codex: left alone: .*line 1: this is not understood/)
      assert.match(home.said.join('\n'), /opencode: left alone: opencode\.jsonc holds comments/)
      assert.equal(home.has('.gemini/.env'), false)
    },
    {
      '.claude/settings.json': '{\n  // mine\n}\n',
      '.codex/config.toml': 'model = "x\n',
      '.config/opencode/opencode.jsonc': '{}',
      '.gemini/settings.json': '{ "security": { "auth": [] } }',
      '.continue/config.yaml': 'models: []\n',
    },
  ))

test('what a person or the client changed meanwhile stays when ours goes', () =>
  homeWith(async (home) => {
    await home.connect({ target: HELPER })
    const claude = JSON.parse(home.file('.claude/settings.json'))
    home.write('.claude/settings.json', JSON.stringify({ ...claude, theme: 'dark' }, null, 2))
    home.write('.codex/config.toml', `${home.file('.codex/config.toml')}\n[tui]\nx = 1\n`)
    assert.equal(await home.disconnect('claude-code', 'codex'), 'done')
    assert.deepEqual(JSON.parse(home.file('.claude/settings.json')), {
      ...JSON.parse(CLAUDE),
      theme: 'dark',
    })
    assert.equal(home.file('.codex/config.toml'), `${CODEX}\n[tui]\nx = 1\n`)
    await home.connect({ target: HELPER })
    home.write('.claude/settings.json', '{ broken')
    assert.equal(await home.disconnect('claude-code'), 'failed')
    assert.equal(home.file('.claude/settings.json'), '{ broken')
  }, ALL))

test('folders that were made go again, links are followed, and a client on the path needs no folder', () =>
  homeWith(async (home) => {
    home.write('bin/claude', '#!/bin/sh\n', 0o755)
    home.write('dotfiles/zshrc', 'x=1\n', 0o600)
    symlinkSync(join(home.home, 'dotfiles/zshrc'), join(home.home, '.zshrc'))
    assert.equal(await home.connect(), 'done')
    assert.ok(home.has('.claude/settings.json'))
    assert.match(home.file('dotfiles/zshrc'), /custody connect/)
    assert.equal(statSync(join(home.home, 'dotfiles/zshrc')).mode & 0o777, 0o600)
    await home.disconnect()
    assert.equal(home.has('.claude'), false)
    assert.equal(home.file('.zshrc'), 'x=1\n')
  }, {}))

test('a ledger that cannot be read stops everything, since nothing could be put back', () =>
  homeWith(async (home) => {
    home.write('.config/custody/connected.json', '{"half":')
    await assert.rejects(home.connect(), LedgerUnreadable)
    await assert.rejects(home.disconnect(), LedgerUnreadable)
    for (const [path, text] of Object.entries(ALL)) assert.equal(home.file(path), text, path)
  }, ALL))
