/** The API under its prefix: routes, its document and reference, one door for errors. */
import { bodyLimit } from 'hono/body-limit'
import type { Hono } from 'hono'
import { fail } from '../model/errors.ts'
import { API_PREFIX } from './contract/common.ts'
import { openApiDocument } from './openapi.ts'
import type { ApiEnv, ApiParts } from './parts.ts'
import { problemAnswer } from './problem.ts'
import { REFERENCE_CSS, referencePage } from './reference-page.ts'
import { createRegistrar } from './registrar.ts'
import { slackRoutes } from './routes/slack.ts'
import { alertRoutes } from './routes/alerts.ts'
import { approvalRoutes } from './routes/approvals.ts'
import { accessRoutes } from './routes/access.ts'
import { accessRoutes as restrictedRoutes } from './routes/accesses.ts'
import { caseRoutes } from './routes/cases.ts'
import { contentRoutes } from './routes/content.ts'
import { conversationRoutes } from './routes/conversations.ts'
import { entityRoutes } from './routes/entities.ts'
import { exchangeRoutes } from './routes/exchanges.ts'
import { samlRoutes } from './routes/saml.ts'
import { deviceRoutes } from './routes/devices.ts'
import { loginRoutes } from './routes/login.ts'
import { exportOrderRoutes } from './routes/export-orders.ts'
import { exportRoutes } from './routes/exports.ts'
import { erasureJobRoutes } from './routes/erasure-jobs.ts'
import { deadLetterRoutes } from './routes/dead-letters.ts'
import { keepingRoutes } from './routes/keeping.ts'
import { huntRoutes } from './routes/hunts.ts'
import { keyRoutes } from './routes/keys.ts'
import { policyRoutes } from './routes/policy.ts'
import { lockRoutes } from './routes/locks.ts'
import { liveRoutes } from './routes/live.ts'
import { evidenceRoutes } from './routes/evidence.ts'
import { keyringRoutes } from './routes/keyring.ts'
import { operationRoutes } from './routes/operations.ts'
import { provisioningRoutes } from './routes/provisioning.ts'
import { peopleRoutes } from './routes/people.ts'
import { runRoutes } from './routes/runs.ts'
import { traceRoutes } from './routes/trace.ts'
import { trustRoutes } from './routes/trust.ts'
import { viewRoutes } from './routes/views.ts'

export const BODY_BYTES_MAX = 64 * 1024
/** An assertion with the groups of a large company, encrypted and signed. */
const SAML_BYTES_MAX = 1024 * 1024

/** What is traced: so many characters as the contract takes, each escaped. */
export const TEXT_BYTES_MAX = 512 * 1024
const TAKES_TEXT = new Set([`${API_PREFIX}/trace`, `${API_PREFIX}/runs`])

export function limitedTo(maxSize: number) {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw fail('api.too-large')
    },
  })
}

export function apiApp(parts: ApiParts): Hono<ApiEnv> {
  const registrar = createRegistrar(parts)
  const { app } = registrar
  const usual = limitedTo(BODY_BYTES_MAX)
  const long = limitedTo(TEXT_BYTES_MAX)
  const posted = limitedTo(SAML_BYTES_MAX)
  app.use((context, next) => {
    const { path } = context.req
    if (path.endsWith('/acs')) return posted(context, next)
    return (TAKES_TEXT.has(path) ? long : usual)(context, next)
  })
  const described = describedOnce(parts.version)
  app.get('/openapi.json', (context) =>
    context.body(described().json, 200, {
      'content-type': 'application/json',
      'cache-control': 'no-cache',
    }),
  )
  app.get('/reference', (context) =>
    context.body(described().page, 200, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'content-security-policy':
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    }),
  )
  app.get('/reference.css', (context) =>
    context.body(REFERENCE_CSS, 200, { 'content-type': 'text/css; charset=utf-8' }),
  )
  // Before `/exchanges/{id}`, which would take `live` for an id.
  liveRoutes(registrar)
  exchangeRoutes(registrar)
  entityRoutes(registrar)
  contentRoutes(registrar)
  restrictedRoutes(registrar)
  conversationRoutes(registrar)
  traceRoutes(registrar)
  runRoutes(registrar)
  huntRoutes(registrar)
  alertRoutes(registrar)
  approvalRoutes(registrar)
  policyRoutes(registrar)
  slackRoutes(registrar)
  keyRoutes(registrar)
  lockRoutes(registrar)
  trustRoutes(registrar)
  peopleRoutes(registrar)
  provisioningRoutes(registrar)
  loginRoutes(registrar)
  deviceRoutes(registrar)
  samlRoutes(registrar)
  accessRoutes(registrar)
  caseRoutes(registrar)
  viewRoutes(registrar)
  keepingRoutes(registrar)
  erasureJobRoutes(registrar)
  exportRoutes(registrar)
  exportOrderRoutes(registrar)
  evidenceRoutes(registrar)
  keyringRoutes(registrar)
  operationRoutes(registrar)
  deadLetterRoutes(registrar)
  app.onError((error, context) => problemAnswer(error, context, parts.onFault))
  app.notFound((context) => problemAnswer(fail('api.not-found'), context, parts.onFault))
  return app
}

/** When somebody reads it: making it is a quarter of the work of a gateway that starts. */
function describedOnce(version: string): () => { readonly json: string; readonly page: string } {
  let made: { readonly json: string; readonly page: string } | null = null
  return () => {
    if (made !== null) return made
    const document = openApiDocument(version)
    const page = referencePage(document, `${API_PREFIX}/reference.css`)
    made = { json: JSON.stringify(document), page }
    return made
  }
}
