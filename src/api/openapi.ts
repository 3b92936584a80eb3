/** The OpenAPI 3.1 document, made from the contract alone. */
import { OpenAPIHono } from '@hono/zod-openapi'
import { permissionOf } from '../identity/permissions.ts'
import { API_PREFIX, Problem } from './contract/common.ts'
import { ROUTES } from './contract/routes.ts'

const PROBLEMS = {
  '4XX': {
    description: 'Refused; `code` says why.',
    content: { 'application/problem+json': { schema: Problem } },
  },
  '5XX': {
    description: 'The gateway could not.',
    content: { 'application/problem+json': { schema: Problem } },
  },
} as const

export type OpenApiDocument = ReturnType<typeof openApiDocument>

export function openApiDocument(version: string) {
  const app = new OpenAPIHono()
  const { openAPIRegistry: registry } = app
  registry.registerComponent('securitySchemes', 'apiToken', {
    type: 'http',
    scheme: 'bearer',
    description: 'A personal API token, `cpt_…`.',
  })
  registry.registerComponent('securitySchemes', 'loginSession', {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-custody_session',
    description:
      'Set by a login. Calls that change something also need the `x-custody-csrf` header.',
  })
  for (const { operation, ...route } of ROUTES) {
    const { may, isPublic, roles } = permissionOf(operation)
    const who = Object.entries(roles)
      .map(([role, reach]) => (reach === 'own' ? `${role} (own)` : role))
      .join(', ')
    registry.registerPath({
      ...route,
      responses: { ...route.responses, ...PROBLEMS },
      security: isPublic === true ? [] : [{ apiToken: [] }, { loginSession: [] }],
      'x-custody-operation': operation,
      'x-custody-roles': roles,
      description: [
        ...('description' in route ? [route.description] : []),
        isPublic === true ? 'Public.' : `May ${may}: ${who}.`,
      ].join('\n\n'),
    })
  }
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Custody control plane',
      version,
      description:
        'Reads recorded exchanges and runs the gateway. Times are milliseconds since the Unix epoch; lists are paged by `cursor`; errors are RFC 9457 problems.',
    },
    servers: [{ url: API_PREFIX }],
  })
}
