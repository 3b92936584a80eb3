import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { AGENT_PROGRAMS, CLAUDE_QUIET, installAgents, runAgent } from '../harness/agents.ts'
import { runCliWith } from '../harness/cli.ts'
import { startGateway } from '../harness/gateway.ts'
import type { TestGateway } from '../harness/gateway.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'

let gateway: TestGateway
before(async () => {
  installAgents()
  gateway = await startGateway()
})
after(() => gateway[Symbol.asyncDispose]())

const CLIENTS = [
  {
    name: 'claude-code',
    program: 'claude',
    /** Settings of somebody who used it without the gateway. */
    file: '.claude/settings.json',
    text: '{\n  "permissions": { "allow": ["Bash(npm test:*)"], "deny": [] },\n  "env": { "ANTHROPIC_API_KEY": "sk-ant-of-their-own", "FOO": "1" },\n  "includeCoAuthoredBy": false\n}',
    ask: (text: string) => ['-p', text, '--model', 'echo'],
    env: CLAUDE_QUIET,
  },
  {
    name: 'codex',
    program: 'codex',
    file: '.codex/config.toml',
    text: '# mine\nmodel = "echo"   # cheap\nmodel_provider = "openai"\n\n[projects."/srv/app"]\ntrust_level = "trusted"',
    ask: (text: string) => ['exec', '--skip-git-repo-check', text],
    env: {},
  },
] as const

for (const { name, program, file, text, ask, env } of CLIENTS) {
  test(`${name} as published calls through the gateway after connect alone, and has its file back to the byte after disconnect`, async () => {
    using folder = temporaryFolder()
    const home = folder.path
    const path = join(home, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    const keyFile = join(home, 'gateway.key')
    writeFileSync(keyFile, `${gateway.key}\n`, { mode: 0o600 })
    const custody = (...args: readonly string[]) =>
      runCliWith({ env: { HOME: home, PATH: AGENT_PROGRAMS } }, ...args)

    const found = await custody('connect', '--list')
    assert.match(found.out, new RegExp(`^${name} `, 'm'), found.err)
    const connect = ['connect', name, '--gateway', gateway.url, '--key-file', keyFile, '--yes']
    const connected = await custody(...connect)
    assert.equal(connected.code, 0, connected.err)
    assert.notEqual(readFileSync(path, 'utf8'), text)

    const before = gateway.sandbox.received().length
    const said = await runAgent(home, { program, args: ask(`say hello of ${name}`), env })
    assert.match(said, new RegExp(`say hello of ${name}`))
    assert.ok(gateway.sandbox.received().length > before)
    await gateway.app.evidence.flush()
    const rows = await gateway.app.index.list({ limit: 50 })
    const mine = rows.filter(({ userAgent }) => userAgent.toLowerCase().includes(program))
    assert.ok(mine.length > 0, JSON.stringify(rows.map(({ userAgent }) => userAgent)))
    assert.ok(mine.every(({ keyId }) => keyId !== null))

    const back = await custody('disconnect', name, '--yes')
    assert.equal(back.code, 0, back.err)
    assert.equal(readFileSync(path, 'utf8'), text)
    assert.ok(!existsSync(`${path}.custody`))
    assert.match((await custody('disconnect', '--yes')).err, /Nothing to do/)
  })
}
