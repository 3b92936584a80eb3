import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { terminal, withTerminal } from './terminal.ts'
import { welcome } from './welcome.ts'

const ROOT = join(import.meta.dirname, '..', '..')

function commandsAt(folder: string, data: string, config?: string): Promise<readonly string[]> {
  const app = {
    version: '1',
    proxyUrl: 'http://127.0.0.1:8080',
    adminUrl: 'http://127.0.0.1:8081',
    loginUrl: null,
    starterKey: 'cst_x',
    upstreams: [],
  }
  return withTerminal({ ...terminal(), folder }, async () => {
    const lines = welcome(app, data, config)
    return lines.slice(lines.indexOf('  What was recorded') + 1).filter((line) => line !== '')
  })
}

/** What a shell makes of a line. */
function words(line: string): readonly string[] {
  return execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1)
}

test('each command that is printed at the start can be pasted where it was printed', async () => {
  const elsewhere = "/it's a folder"
  for (const [folder, data, config, expected] of [
    [ROOT, join(ROOT, 'custody-data'), undefined, ['exchanges']],
    [elsewhere, `${elsewhere}/custody-data`, undefined, ['exchanges']],
    [ROOT, `${elsewhere}/d`, undefined, ['exchanges', '--data', `${elsewhere}/d`]],
    [ROOT, '/d', 'my custody.yaml', ['exchanges', '--config', 'my custody.yaml']],
  ] as const) {
    const lines = await commandsAt(folder, data, config)
    assert.equal(lines.length, 4)
    const [command = '', ...rest] = words(lines[0] ?? '')
    assert.ok(existsSync(join(folder === ROOT ? ROOT : '/', command)), command)
    assert.deepEqual(rest, expected)
  }
})
