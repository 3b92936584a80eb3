import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'

test('alone, the sandbox prints one JSON line with its URL, serves, and stops on SIGTERM', async () => {
  const program = new URL('main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [program, '--no-record'], { stdio: 'pipe' })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  const { url, pid } = JSON.parse(line)
  assert.equal(pid, child.pid)
  assert.equal((await fetch(`${url}/v1/models`)).status, 200)
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  assert.equal(code, 0)
})
