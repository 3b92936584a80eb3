import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { startSandbox } from '../src/sandbox/start-sandbox.ts'
import type { Sandbox } from '../src/sandbox/start-sandbox.ts'
import { chatCall, startDataPlane } from './harness/data-plane.ts'
import type { DataPlane } from './harness/data-plane.ts'

let sandbox: Sandbox
let gateway: DataPlane

before(async () => {
  sandbox = await startSandbox()
  gateway = await startDataPlane(sandbox.url)
})
after(async () => {
  await gateway[Symbol.asyncDispose]()
  await sandbox[Symbol.asyncDispose]()
})

/** Far more than anybody is allowed at once, however slow the machine is. */
const TRIES_MAX = 2_000

function send(key: string, localAddress: string): Promise<number> {
  const { path, body } = chatCall('openai', false)
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port: gateway.port,
        path,
        method: 'POST',
        localAddress,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      },
      (answer) => {
        answer.resume()
        answer.on('end', () => resolve(answer.statusCode ?? 0))
      },
    )
    call.on('error', reject)
    call.end(body)
  })
}

const guess = (n: number): string => `cst_guess${String(n).padStart(40, '0')}`

test('who tries credentials is slowed down, and nobody else: neither a good key from there, nor a stranger elsewhere', async () => {
  let tries = 0
  let status = 0
  while (status !== 429 && tries < TRIES_MAX) {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => send(guess(tries + n), '127.0.0.1')),
    )
    assert.ok(answers.every((one) => one === 401 || one === 429))
    status = answers.includes(429) ? 429 : 401
    tries += answers.length
  }
  assert.equal(status, 429)
  // A job with a wrong token may retry a while before.
  assert.ok(tries > 20, `slowed down after ${tries} tries`)
  assert.equal(await send(gateway.key, '127.0.0.1'), 200)
  assert.equal(await send(guess(1), '127.0.0.2'), 401)
  assert.equal(await send(gateway.key, '127.0.0.2'), 200)
})
