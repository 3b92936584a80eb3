/** The control plane's listener: health, readiness, metrics, the API and the console; never on the port that callers use. */
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import type { AddressInfo } from 'node:net'
import { newControlId } from '../lib/ids.ts'
import { fail } from '../model/errors.ts'
import { apiApp, limitedTo, TEXT_BYTES_MAX } from './api-app.ts'
import { readConsole } from './console-files.ts'
import { API_PREFIX } from './contract/common.ts'
import type { ApiEnv, ApiParts } from './parts.ts'
import { SCIM_PREFIX } from './scim/door.ts'
import { scimApp } from './scim/scim-app.ts'
import { problemAnswer } from './problem.ts'
import { refuseOtherOrigin } from './same-site.ts'

export interface Readiness {
  readonly ready: boolean
  /** One entry per part of the gateway: `ok`, or why it is not. Names and numbers only. */
  readonly checks: Readonly<Record<string, string>>
}

export interface ControlPlaneParts {
  readonly readiness: () => Readiness
  readonly metrics: () => string
  readonly version: string
  readonly api: ApiParts
  /** Answers the tools of MCP clients; what they ask of the API goes through all its guards. */
  readonly mcp: (
    request: Request,
    api: (request: Request) => Promise<Response>,
  ) => Promise<Response>
}

export interface ControlPlane extends AsyncDisposable {
  readonly host: string
  readonly port: number
}

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
const MCP_PATH = '/mcp'
const HEADERS_MS = 15_000
const REQUEST_MS = 30_000

export async function startControlPlane(
  address: { readonly host: string; readonly port: number },
  parts: ControlPlaneParts,
): Promise<ControlPlane> {
  const app = controlPlaneApp(parts)
  return new Promise((resolve, reject) => {
    const server = serve(
      {
        fetch: app.fetch,
        hostname: address.host,
        port: address.port,
        serverOptions: { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS },
      },
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

/** Answers that name no policy of their own load nothing and may be framed by nobody. */
const DEFAULT_HEADERS: readonly (readonly [name: string, value: string])[] = [
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['cache-control', 'no-store'],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['permissions-policy', 'camera=(), microphone=(), geolocation=(), payment=(), usb=()'],
]

function controlPlaneApp(parts: ControlPlaneParts): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>()
  const { clock, onFault, consoleFolder } = parts.api
  app.use(async (context, next) => {
    context.set('requestId', newControlId('rq', clock.nowMs()))
    context.set('address', context.env.incoming.socket.remoteAddress ?? '')
    await next()
    for (const [name, value] of DEFAULT_HEADERS) {
      if (!context.res.headers.has(name)) context.header(name, value)
    }
    context.header('x-request-id', context.get('requestId'))
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
  app.route(API_PREFIX, apiApp(parts.api))
  app.route(SCIM_PREFIX, scimApp(parts.api))
  app.all(MCP_PATH, limitedTo(TEXT_BYTES_MAX), (context) => {
    refuseOtherOrigin(context)
    return parts.mcp(context.req.raw, async (request) => app.fetch(request, context.env))
  })
  const pages = readConsole(consoleFolder)
  app.get('*', (context) => {
    const answer = /^\/(?:api|scim|mcp|\.well-known)\//.test(context.req.path)
      ? null
      : pages.answer(context)
    return answer ?? problemAnswer(fail('api.not-found'), context, onFault)
  })
  app.onError((error, context) => problemAnswer(error, context, onFault))
  app.notFound((context) => problemAnswer(fail('api.not-found'), context, onFault))
  return app
}
