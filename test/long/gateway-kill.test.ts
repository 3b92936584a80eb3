import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const FLAGS = ['--disable-warning=ExperimentalWarning', MAIN]
const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 60)

interface Ready {
  readonly proxyUrl: string
  readonly key: string
  readonly pid: number
}

async function up(folder: string): Promise<Ready & { readonly ended: Promise<void> }> {
  const args = [
    'up',
    '--json',
    '--data',
    folder,
    '--listen',
    '127.0.0.1:0',
    '--admin',
    '127.0.0.1:0',
  ]
  const child = spawn(process.execPath, [...FLAGS, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'] ?? '', CUSTODY_LOG__LEVEL: 'silent' },
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let text = ''
  for await (const chunk of child.stdout) {
    text += String(chunk)
    if (text.includes('\n')) break
  }
  assert.notEqual(text, '', 'the gateway did not start')
  return { ...(JSON.parse(text) as Ready), ended }
}

interface Row {
  readonly id: string
  readonly state: string
}

function list(folder: string): Row[] {
  const listed = spawnSync(
    process.execPath,
    [...FLAGS, 'exchanges', '--json', '--limit', '1000000', '--data', folder],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    },
  )
  assert.equal(listed.status, 0, listed.stderr)
  return listed.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}

function rawAnswer(folder: string, id: string): Buffer {
  return spawnSync(
    process.execPath,
    [...FLAGS, 'show', id, '--raw', '--answer', '--data', folder],
    { maxBuffer: 1 << 28 },
  ).stdout
}

interface Held {
  readonly id: string
  readonly bytes: Buffer
  readonly finished: boolean
}

/** Prompts of every kind until the gateway dies; keeps what each caller held at that moment. */
async function load(
  ready: Ready,
  isDead: () => boolean,
  held: Held[],
  caller: number,
): Promise<void> {
  for (let turn = 0; !isDead(); turn += 1) {
    const stream = (caller + turn) % 2 === 0
    const chunks: Uint8Array[] = []
    let id: string | null = null
    let finished = false
    try {
      const answer = await fetch(`${ready.proxyUrl}/openai/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ready.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: caller % 4 === 0 ? 'echo-slow' : 'echo',
          stream,
          messages: [
            {
              role: 'user',
              content: `caller ${caller} turn ${turn} ${'words '.repeat(turn % 40)}`,
            },
          ],
        }),
      })
      id = answer.headers.get('x-custody-exchange')
      for await (const chunk of answer.body ?? []) chunks.push(chunk)
      finished = answer.status === 200
    } catch {
      // The gateway was killed while this caller waited.
    }
    const bytes = Buffer.concat(chunks)
    if (id !== null)
      held.push({ id, bytes, finished: finished || (stream && bytes.includes('data: [DONE]\n\n')) })
  }
}

test(`in ${ROUNDS} rounds of kill -9 under load every exchange that a caller saw finished is recorded complete`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'custody-kill-'))
  const all: Held[] = []
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const ready = await up(folder)
      const held: Held[] = []
      let dead = false
      const callers = Array.from({ length: 12 }, (_, at) => load(ready, () => dead, held, at))
      await sleep(80 + ((round * 197) % 900))
      process.kill(ready.pid, 'SIGKILL')
      dead = true
      await ready.ended
      await Promise.all(callers)
      const states = new Map(list(folder).map((row) => [row.id, row.state]))
      for (const { id, finished } of held) {
        if (finished)
          assert.equal(
            states.get(id),
            'complete',
            `round ${round}: a finished exchange is ${states.get(id)}`,
          )
        else assert.notEqual(states.get(id), 'open', `round ${round}: an exchange stayed open`)
      }
      const sample = held.filter(({ finished }) => finished).at(-1)
      if (sample !== undefined) assert.deepEqual(rawAnswer(folder, sample.id), sample.bytes)
      all.push(...held)
    }
    // Nothing of the earlier rounds was lost by the later recoveries.
    const states = new Map(list(folder).map((row) => [row.id, row.state]))
    const finished = all.filter((held) => held.finished)
    assert.ok(finished.length > ROUNDS)
    for (const { id } of finished) assert.equal(states.get(id), 'complete')
    process.stdout.write(
      `# ${finished.length} finished, ${all.length - finished.length} cut, 0 missing\n`,
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
