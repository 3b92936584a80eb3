/** Those who keep checkpoints for us, each behind one function: a file, a webhook, an S3-compatible store. */
import { appendFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { SignerSha256 } from '../../lib/signer-sha256.ts'
import { SignatureV4 } from '@smithy/signature-v4'
import { post } from './post.ts'

export interface Receiver {
  readonly name: string
  /** Rejects when it was not taken. */
  readonly take: (size: number, note: Buffer) => Promise<void>
}

const MEDIA_TYPE = 'text/plain; charset=utf-8'

/** One checkpoint after the other, each with an empty line behind it. */
export function fileReceiver(path: string): Receiver {
  return {
    name: path,
    take: (_size, note) => appendFile(path, Buffer.concat([note, Buffer.from('\n')])),
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

export interface StoreOptions {
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly prefix: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** An object for each checkpoint, named by its size: none is ever written over another. */
export function storeReceiver(options: StoreOptions): Receiver {
  const { endpoint, region, bucket, prefix, accessKeyId, secretAccessKey } = options
  const base = new URL(endpoint)
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials: { accessKeyId, secretAccessKey },
    sha256: SignerSha256,
    uriEscapePath: false,
  })
  return {
    name: `${endpoint}/${bucket}/${prefix}`,
    take: async (size, note) => {
      const name = `${prefix}checkpoint-${String(size).padStart(16, '0')}`
      const path = `${base.pathname.replace(/\/$/, '')}/${bucket}/${name}`
      const signed = await signer.sign({
        method: 'PUT',
        protocol: base.protocol,
        hostname: base.hostname,
        ...(base.port === '' ? {} : { port: Number(base.port) }),
        path,
        query: {},
        headers: {
          host: base.host,
          'content-type': MEDIA_TYPE,
          'x-amz-content-sha256': createHash('sha256').update(note).digest('hex'),
        },
        body: note,
      })
      const { host: _host, ...headers } = signed.headers
      const url = `${base.protocol}//${base.host}${path}`
      const { status } = await post({ method: 'PUT', url, headers, body: note })
      if (status < 200 || status > 299) throw new Error(`${url} answers ${status}`)
    },
  }
}
