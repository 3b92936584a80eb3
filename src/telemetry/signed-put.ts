/** Makes the request that puts an object into an S3-compatible store, signed with AWS Signature Version 4. */
import { createHash } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import { SignerSha256 } from '../lib/signer-sha256.ts'

export interface Bucket {
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface SignedPut {
  readonly url: string
  /** Without `host`, which whoever sends it sets. */
  readonly headers: Readonly<Record<string, string>>
}

export async function signedPut(
  { endpoint, region, bucket, accessKeyId, secretAccessKey }: Bucket,
  name: string,
  mediaType: string,
  body: Uint8Array,
): Promise<SignedPut> {
  const base = new URL(endpoint)
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials: { accessKeyId, secretAccessKey },
    sha256: SignerSha256,
    uriEscapePath: false,
  })
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
      'content-type': mediaType,
      'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'),
    },
    body,
  })
  const { host: _host, ...headers } = signed.headers
  return { url: `${base.protocol}//${base.host}${path}`, headers }
}
