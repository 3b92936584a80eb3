/** A process of its own that sends 100 MB through a gateway and prints how much its memory grew. */
import { createHash, randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { isExchangeId } from '../../src/lib/ids.ts'
import { startDataPlane } from './data-plane.ts'
import { scriptedSink } from './scripted-sink.ts'

const SIZE = 100_000_000
const PIECE = 100_000

/** One JSON string around text that hardly compresses: what is held of it is seen in the memory. */
function piece(at: number, isJson: boolean): Buffer {
  const bytes = Buffer.from(randomBytes((PIECE * 3) / 4).toString('base64'))
  if (isJson && at === 0) bytes.write('{"model":"m","messages":["')
  if (isJson && at === SIZE / PIECE - 1) bytes.write('"]}', PIECE - 3)
  return bytes
}

interface Memory {
  /** What lives on the heap and in buffers. */
  readonly held: number
  readonly rss: number
}

function measured(): Memory {
  const { heapUsed, external, rss } = process.memoryUsage()
  return { held: heapUsed + external, rss }
}

/** In the later half of the upload: what is kept of it shows there, and one late collection does not. */
function typical(samples: readonly Memory[]): Memory {
  const later = samples.slice(samples.length >> 1)
  const middle = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
  return { held: middle(later.map(({ held }) => held)), rss: middle(later.map(({ rss }) => rss)) }
}

await using sink = await scriptedSink()
await using gateway = await startDataPlane(sink.url, {
  yaml: 'limits: { inspectBytesMax: 16MiB }\n',
})

// What is measured is what is held, not how lazily it is collected.
let samples: Memory[] = []
const collecting = setInterval(() => {
  globalThis.gc?.()
  samples.push(measured())
}, 100)

for (const [name, path, isJson, isDeclared] of [
  ['warm-up', '/openai/v1/audio/transcriptions', false, true],
  ['JSON, undeclared', '/openai/v1/chat/completions', true, false],
  ['opaque', '/openai/v1/audio/transcriptions', false, true],
] as const) {
  for (let i = 0; i < 3; i += 1) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const before = measured()
  samples = []
  const hash = createHash('sha256')
  const size = name === 'warm-up' ? SIZE / 10 : SIZE
  const { status, id } = await new Promise<{ status: number; id: string }>((resolve, reject) => {
    const sent = request(
      `${gateway.url}${path}`,
      {
        method: 'POST',
        headers: {
          'x-api-key': gateway.key,
          ...(isDeclared ? { 'content-length': size } : {}),
        },
      },
      (answer) => {
        answer.resume()
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            id: String(answer.headers['x-custody-exchange']),
          }),
        )
      },
    )
    sent.on('error', reject)
    let at = 0
    const more = (): void => {
      while (at < size / PIECE) {
        const bytes = piece(at, isJson)
        at += 1
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
  const during = typical(samples)
  if (name === 'warm-up') continue
  await gateway.idle()
  await gateway.app.evidence.flush()
  if (!isExchangeId(id)) throw new Error('no exchange')
  const record = await gateway.recorded(id)
  const wanted = hash.digest('hex')
  const recorded = createHash('sha256')
    .update(record.requestBody ?? '')
    .digest('hex')
  process.stdout.write(
    `${JSON.stringify({ name, status, heldBytes: during.held - before.held, rssBytes: during.rss - before.rss, problems: record.problems, isSame: recorded === wanted && sink.lastDigest() === wanted })}\n`,
  )
}
clearInterval(collecting)
