/** Those who keep checkpoints for us, each behind one function: a file, a webhook, an S3-compatible store. */
import { appendFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { signedPut, type Bucket } from '../../telemetry/signed-put.ts'
import { post } from './post.ts'

export interface Receiver {
  readonly name: string
  /** Rejects when it was not taken. */
  readonly take: (size: number, note: Buffer) => Promise<void>
}

const MEDIA_TYPE = 'text/plain; charset=utf-8'

/** In a folder that is there: a mounted share, say. */
const FILE_NAME = 'checkpoints'

/** One checkpoint after the other, each with an empty line behind it. */
export function fileReceiver(path: string): Receiver {
  return {
    name: path,
    take: async (_size, note) => {
      const isFolder = await stat(path).then(
        (found) => found.isDirectory(),
        () => false,
      )
      const file = isFolder ? join(path, FILE_NAME) : path
      await appendFile(file, Buffer.concat([note, Buffer.from('\n')]))
    },
  }
}

export function webhookReceiver(url: string, authorization: string | null): Receiver {
  return {
    name: url,
    take: async (size, note) => {
      const { status } = await post({
        method: 'POST',
        url,
        headers: {
          'content-type': MEDIA_TYPE,
          'custody-log-size': String(size),
          ...(authorization === null ? {} : { authorization }),
        },
        body: note,
      })
      if (status < 200 || status > 299) throw new Error(`${url} answers ${status}`)
    },
  }
}

export interface StoreOptions extends Bucket {
  readonly prefix: string
}

/** An object for each checkpoint, named by its size: none is ever written over another. */
export function storeReceiver(options: StoreOptions): Receiver {
  const { endpoint, bucket, prefix } = options
  return {
    name: `${endpoint}/${bucket}/${prefix}`,
    take: async (size, note) => {
      const name = `${prefix}checkpoint-${String(size).padStart(16, '0')}`
      const request = await signedPut(options, name, MEDIA_TYPE, note)
      const { status } = await post({ method: 'PUT', ...request, body: note })
      if (status < 200 || status > 299) throw new Error(`${request.url} answers ${status}`)
    },
  }
}
