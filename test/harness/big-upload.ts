/** A process of its own that sends 100 MB through a gateway and prints how much its memory grew. */
import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { isExchangeId } from '../../src/lib/ids.ts'
import { startDataPlane } from './data-plane.ts'
import { scriptedSink } from './scripted-sink.ts'

const SIZE = 100_000_000
const PIECE = 100_000

/** One JSON string around filler, so that the whole is a JSON document. */
function piece(at: number, isJson: boolean): Buffer {
  const bytes = Buffer.alloc(PIECE, 97 + (at % 26))
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

function larger(a: Memory, b: Memory): Memory {
  return { held: Math.max(a.held, b.held), rss: Math.max(a.rss, b.rss) }
}

await using sink = await scriptedSink()
await using gateway = await startDataPlane(sink.url, { yaml: 'log: { level: silent }\n' })

// What is measured is what is held, not how lazily it is collected.
const collecting = setInterval(() => globalThis.gc?.(), 100)

for (const [name, path, isJson, isDeclared] of [
  ['warm-up', '/openai/v1/audio/transcriptions', false, true],
  ['JSON, undeclared', '/openai/v1/chat/completions', true, false],
  ['opaque', '/openai/v1/audio/transcriptions', false, true],
] as const) {
  globalThis.gc?.()
  const before = measured()
  let most = before
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
        most = larger(most, measured())
        if (!sent.write(bytes)) {
          sent.once('drain', more)
          return
        }
      }
      sent.end()
    }
    more()
  })
  most = larger(most, measured())
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
    `${JSON.stringify({ name, status, heldBytes: most.held - before.held, rssBytes: most.rss - before.rss, problems: record.problems, isSame: recorded === wanted && sink.lastDigest() === wanted })}\n`,
  )
}
clearInterval(collecting)
