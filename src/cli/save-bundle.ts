/** Writes a bundle that a gateway sends to a file: whole, or not at all. */
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { print, say } from './output.ts'
import { stopSignal } from './stop-signal.ts'

/** False when the gateway answered that the export waits for another person; then it was said. */
export async function saveBundle(
  out: string,
  ask: (signal: AbortSignal) => Promise<Response>,
): Promise<boolean> {
  using stop = stopSignal()
  const { signal } = stop
  const answer = await ask(signal)
  if (answer.status === 202) {
    const waits: unknown = await answer.json()
    const order =
      typeof waits === 'object' && waits !== null && 'order' in waits ? String(waits.order) : ''
    print(order)
    say('this export waits for another person: custody exports approve')
    say(`then fetch it: custody exports fetch ${order} --out ${out}`)
    return false
  }
  if (answer.body === null) throw new Error('the gateway sent no bundle')
  const file = createWriteStream(out, { flags: 'wx', mode: 0o600 })
  try {
    await pipeline(Readable.from(answer.body), file, { signal })
  } catch (error) {
    // Half a bundle would only be mistaken for one.
    if (file.bytesWritten > 0) await rm(out, { force: true })
    throw error
  }
  print(`${out}  ${answer.headers.get('x-custody-bundle') ?? ''}  ${file.bytesWritten} bytes`)
  return true
}
