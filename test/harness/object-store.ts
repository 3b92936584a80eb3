/** A store in the shape of S3: keeps what is put, and refuses what is not signed for its key as AWS Signature Version 4 says. */
import { createHash, createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ObjectStore extends AsyncDisposable {
  readonly url: string
  readonly objects: Map<string, Buffer>
  /** Answers so instead of keeping, while set. */
  failing: number | null
}

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest()

/** Written from the specification, apart from the code that signs. */
function isSigned(request: IncomingMessage, body: Buffer, keyId: string, secret: string): boolean {
  const header = request.headers.authorization ?? ''
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      header,
    )
  if (parts === null || parts[1] !== keyId) return false
  const [, , day = '', region = '', names = '', signature] = parts
  const digest = String(request.headers['x-amz-content-sha256'])
  if (digest !== sha256(body)) return false
  const canonical = [
    request.method ?? '',
    new URL(request.url ?? '/', 'http://store').pathname,
    '',
    ...names.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}`),
    '',
    names,
    digest,
  ].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const text = `AWS4-HMAC-SHA256\n${String(request.headers['x-amz-date'])}\n${scope}\n${sha256(canonical)}`
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), 's3'), 'aws4_request')
  return hmac(key, text).toString('hex') === signature
}

export async function startObjectStore(keyId: string, secret: string): Promise<ObjectStore> {
  const objects = new Map<string, Buffer>()
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const body = Buffer.concat(pieces)
      if (store.failing !== null) return void response.writeHead(store.failing).end()
      if (!isSigned(request, body, keyId, secret)) return void response.writeHead(403).end()
      objects.set(request.url ?? '', body)
      response.writeHead(200).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const store: ObjectStore = {
    url: `http://127.0.0.1:${port}`,
    objects,
    failing: null,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
  return store
}
