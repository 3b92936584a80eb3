/** What Custody is measured against: the smallest reverse proxy on the same parts (node:http, undici) that records nothing. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'undici'

const origin = process.argv[2] ?? ''
const pool = new Pool(origin, { connections: 1024, pipelining: 1 })

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const headers: string[] = []
    for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
      const name = request.rawHeaders[i] ?? ''
      if (!/^(?:host|connection|content-length|transfer-encoding)$/i.test(name))
        headers.push(name, request.rawHeaders[i + 1] ?? '')
    }
    pool.dispatch(
      {
        method: request.method as 'POST',
        path: request.url ?? '/',
        headers,
        body: chunks.length === 0 ? null : Buffer.concat(chunks),
      },
      {
        onRequestStart: () => undefined,
        onResponseStart: (controller, status) => {
          const flat = (Array.isArray(controller.rawHeaders) ? controller.rawHeaders : []).map(
            String,
          )
          const kept: string[] = []
          for (let i = 0; i + 1 < flat.length; i += 2) {
            if (!/^(?:connection|keep-alive|transfer-encoding)$/i.test(flat[i] ?? ''))
              kept.push(flat[i] ?? '', flat[i + 1] ?? '')
          }
          response.writeHead(status, kept)
        },
        onResponseData: (controller, chunk) => {
          if (response.write(chunk)) return
          controller.pause()
          response.once('drain', () => controller.resume())
        },
        onResponseEnd: () => {
          response.end()
        },
        onResponseError: () => {
          response.destroy()
        },
      },
    )
  })
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`)
})
