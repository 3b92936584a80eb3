/** A process of its own that sends 100 MB through a gateway and prints what is held of it while nothing moves. */
import { createHash, randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { isExchangeId } from '../../src/lib/ids.ts'
import { startDataPlane } from './data-plane.ts'
import { heldMemory } from './held-memory.ts'
import { scriptedSink } from './scripted-sink.ts'
import { until } from './until.ts'

const SIZE = 100_000_000
const PIECE = 100_000
const STOP_AT = 40_000_000

/** One JSON string around text that hardly compresses: what is held of it is seen in the memory. */
function piece(at: number, isJson: boolean): Buffer {
  const bytes = Buffer.from(randomBytes((PIECE * 3) / 4).toString('base64'))
  if (isJson && at === 0) bytes.write('{"model":"m","messages":["')
  if (isJson && at === SIZE / PIECE - 1) bytes.write('"]}', PIECE - 3)
  return bytes
}

await using sink = await scriptedSink()
// No limit of the gateway may end an upload that is stopped while its memory is measured.
await using gateway = await startDataPlane(sink.url, {
  yaml: 'limits: { inspectBytesMax: 16MiB, firstByteMs: 120s, idleMs: 120s, requestIdleMs: 120s }\n',
})
let taken = 0

interface Upload {
  readonly path: string
  readonly isJson: boolean
  readonly isDeclared: boolean
  readonly size: number
}

interface Uploaded {
  readonly status: number
  readonly id: string
  readonly digest: string
}

function upload({ path, isJson, isDeclared, size }: Upload): Promise<Uploaded> {
  const hash = createHash('sha256')
  taken = 0
  return new Promise((resolve, reject) => {
    const headers = {
      'x-api-key': gateway.key,
      ...(isDeclared ? { 'content-length': size } : {}),
    }
    const sent = request(`${gateway.url}${path}`, { method: 'POST', headers }, (answer) => {
      const status = answer.statusCode ?? 0
      const id = String(answer.headers['x-custody-exchange'])
      answer.resume()
      answer.on('end', () => resolve({ status, id, digest: hash.digest('hex') }))
    })
    sent.on('error', reject)
    const more = (): void => {
      while (taken < size) {
        const bytes = piece(taken / PIECE, isJson)
        taken += PIECE
        hash.update(bytes)
        if (!sent.write(bytes)) {
          sent.once('drain', more)
          return
        }
      }
      sent.end()
    }
    more()
  })
}

/** Until the sender has been stopped, and with it everything behind it. */
async function atRest(): Promise<void> {
  for (let before = -1, quiet = 0; quiet < 3;) {
    quiet = before === taken ? quiet + 1 : 0
    before = taken
    await sleep(100)
  }
  await gateway.app.evidence.flush()
}

const UPLOADS: readonly (Upload & { readonly name: string })[] = [
  {
    name: 'warm-up',
    path: '/openai/v1/audio/transcriptions',
    isJson: false,
    isDeclared: true,
    size: SIZE / 10,
  },
  {
    name: 'JSON, undeclared',
    path: '/openai/v1/chat/completions',
    isJson: true,
    isDeclared: false,
    size: SIZE,
  },
  {
    name: 'opaque',
    path: '/openai/v1/audio/transcriptions',
    isJson: false,
    isDeclared: true,
    size: SIZE,
  },
]

for (const one of UPLOADS) {
  const stopAt = one.size * (STOP_AT / SIZE)
  await gateway.app.evidence.flush()
  const before = await heldMemory()
  sink.stopAt(stopAt)
  const uploading = upload(one)
  await until(() => sink.received() >= stopAt)
  await atRest()
  const [takenBytes, receivedBytes] = [taken, sink.received()]
  const midwayBytes = (await heldMemory()) - before
  sink.goOn()
  await until(() => sink.lastDigest() !== '')
  await atRest()
  const endBytes = (await heldMemory()) - before
  sink.goOn()
  const { status, id, digest } = await uploading
  if (one.name === 'warm-up') continue
  await gateway.idle()
  await gateway.app.evidence.flush()
  if (!isExchangeId(id)) throw new Error('no exchange')
  const record = await gateway.recorded(id)
  const recorded = createHash('sha256')
    .update(record.requestBody ?? '')
    .digest('hex')
  const { name } = one
  const { problems } = record
  const isSame = recorded === digest && sink.lastDigest() === digest
  const measured = { takenBytes, receivedBytes, midwayBytes, endBytes }
  process.stdout.write(`${JSON.stringify({ name, status, problems, isSame, ...measured })}\n`)
}
