/** Turns what a writer produces into a stream, encrypted to age recipients when there are any. */
import type { Sink } from '../../evidence/bundle/write-bundle.ts'

/** Whether stock age encrypts to it: `age1…`. */
export async function isRecipient(text: string): Promise<boolean> {
  // Its curves are loaded with the first bundle that somebody encrypts.
  const { Encrypter } = await import('age-encryption')
  try {
    new Encrypter().addRecipient(text)
    return text.startsWith('age1')
  } catch {
    return false
  }
}

/** `write` is run while the stream is read; what it throws ends the stream with an error, never with a whole file. */
export async function sealed(
  recipients: readonly string[],
  write: (sink: Sink) => Promise<void>,
): Promise<ReadableStream<Uint8Array>> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const sink: Sink = async (bytes) => {
    await writer.ready
    await writer.write(bytes)
  }
  write(sink)
    .then(
      () => writer.close(),
      (error: unknown) => writer.abort(error),
    )
    .catch(() => {
      // The reader went away: there is nobody to tell.
    })
  if (recipients.length === 0) return readable
  const { Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  return encrypter.encrypt(readable)
}
