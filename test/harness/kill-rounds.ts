/** Kills a recording process at random moments, again and again on one folder, and checks every promise it printed. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeDisk } from '../../src/evidence/disk.ts'
import { openLocalKeyProvider } from '../../src/evidence/key-provider.ts'
import { EvidenceReader } from '../../src/evidence/reader.ts'
import { recoverFolder } from '../../src/evidence/recovery.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { isExchangeId } from '../../src/lib/ids.ts'
import { openStore } from '../../src/store/store.ts'

const CHILD = fileURLToPath(new URL('recorder-child.ts', import.meta.url))

interface Promised {
  body: string
  durable: number
  closed: boolean
}

/** Runs the child until it is killed `afterMs` after it was ready; gives what it printed. */
function runAndKill(folder: string, afterMs: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CHILD, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  let timer: NodeJS.Timeout | null = null
  return new Promise((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part
      timer ??= setTimeout(() => child.kill('SIGKILL'), afterMs)
    })
    child.on('error', reject)
    // The last line may be cut by the kill.
    child.on('close', () => resolve(text.split('\n').slice(0, -1)))
  })
}

function promisesIn(lines: readonly string[]): ReadonlyMap<string, Promised> {
  const promises = new Map<string, Promised>()
  for (const line of lines) {
    const [what, id = '', rest = ''] = line.split(' ')
    if (what === 'opened') promises.set(id, { body: rest, durable: 0, closed: false })
    const promised = promises.get(id)
    if (promised === undefined) continue
    if (what === 'durable' || what === 'closed') promised.durable = Number(rest)
    if (what === 'closed') promised.closed = true
  }
  return promises
}

export interface KillReport {
  readonly rounds: number
  readonly exchanges: number
  readonly closed: number
  readonly recovered: number
}

export async function killRounds(
  folder: string,
  rounds: number,
  afterMs: () => number,
): Promise<KillReport> {
  let exchanges = 0
  let closed = 0
  let recoveredCount = 0
  for (let round = 0; round < rounds; round += 1) {
    const promises = promisesIn(await runAndKill(folder, afterMs()))
    await using store = await openStore({ kind: 'sqlite', folder })
    const provider = await openLocalKeyProvider(join(folder, 'keys'))
    const recovered = await recoverFolder({
      folder,
      disk: nodeDisk,
      index: store.index,
      provider,
      clock: systemClock,
    })
    recoveredCount += recovered.closed
    assert.equal(recovered.damaged, 0)
    assert.equal((await store.index.list({ state: 'open', limit: 10 })).length, 0)
    const reader = new EvidenceReader({ folder, index: store.index, keyProvider: provider })
    for (const [id, promised] of promises) {
      assert.ok(isExchangeId(id))
      const found = await reader.readExchange(id)
      assert.ok(found, `${id} is missing`)
      assert.deepEqual(found.problems, [])
      assert.equal(found.requestBody?.toString('base64'), promised.body)
      const answer = Buffer.concat(found.answerChunks.map((chunk) => chunk.bytes))
      assert.ok(answer.length >= promised.durable, `${id} lost durable bytes`)
      if (promised.closed) assert.equal(found.row.state, 'complete')
      exchanges += 1
      if (promised.closed) closed += 1
    }
  }
  return { rounds, exchanges, closed, recovered: recoveredCount }
}
