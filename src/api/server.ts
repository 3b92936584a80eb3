/** The control plane's listener: health, readiness and metrics; never on the port that callers use. */
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import type { AddressInfo } from 'node:net'

export interface Readiness {
  readonly ready: boolean
  /** One entry per part of the gateway: `ok`, or why it is not. Names and numbers only. */
  readonly checks: Readonly<Record<string, string>>
}

export interface ControlPlaneParts {
  readonly readiness: () => Readiness
  readonly metrics: () => string
  readonly version: string
}

export interface ControlPlane extends AsyncDisposable {
  readonly host: string
  readonly port: number
}

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export async function startControlPlane(
  address: { readonly host: string; readonly port: number },
  parts: ControlPlaneParts,
): Promise<ControlPlane> {
  const app = controlPlaneApp(parts)
  return new Promise((resolve, reject) => {
    const server = serve(
      { fetch: app.fetch, hostname: address.host, port: address.port },
      (info: AddressInfo) => {
        server.off('error', reject)
        resolve({
          host: address.host,
          port: info.port,
          async [Symbol.asyncDispose]() {
            await new Promise<void>((closed) => {
              server.close(() => closed())
              if ('closeAllConnections' in server) server.closeAllConnections()
            })
          },
        })
      },
    )
    server.once('error', reject)
  })
}

export function controlPlaneApp(parts: ControlPlaneParts): Hono {
  const app = new Hono()
  app.use(async (context, next) => {
    await next()
    context.header('x-content-type-options', 'nosniff')
    context.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
    context.header('referrer-policy', 'no-referrer')
    context.header('cache-control', 'no-store')
  })
  app.get('/healthz', (context) => context.json({ status: 'ok', version: parts.version }))
  app.get('/readyz', (context) => {
    const readiness = parts.readiness()
    const status = readiness.ready ? 200 : 503
    return context.json(
      { status: readiness.ready ? 'ready' : 'not ready', checks: readiness.checks },
      status,
    )
  })
  app.get('/metrics', (context) =>
    context.body(parts.metrics(), 200, { 'content-type': METRICS_TYPE }),
  )
  app.notFound((context) =>
    context.json(
      {
        type: 'about:blank',
        title: 'Not Found',
        status: 404,
        detail: 'The control plane serves /healthz, /readyz and /metrics.',
      },
      404,
      { 'content-type': 'application/problem+json' },
    ),
  )
  return app
}
