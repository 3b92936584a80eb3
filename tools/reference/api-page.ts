/** The page of the API: every route with who may call it, and the table of roles. */
import { openApiDocument } from '../../src/api/openapi.ts'
import { API_PREFIX } from '../../src/api/contract/common.ts'
import { ROUTES } from '../../src/api/contract/routes.ts'
import { OPERATIONS, permissionOf } from '../../src/identity/permissions.ts'
import { ROLES } from '../../src/model/people.ts'
import { cell, page, table } from './markdown.ts'

const AUDIT = { none: '', write: 'write', evidence: 'before it is shown' } as const

export function apiPage(): string {
  const routes = ROUTES.map((route) => [
    `\`${route.method.toUpperCase()} ${API_PREFIX}${route.path}\``,
    cell(route.summary),
    `\`${route.operation}\``,
  ])
  const roles = OPERATIONS.map((operation) => {
    const { may, audit, isPublic, roles } = permissionOf(operation)
    return [
      `\`${operation}\``,
      cell(may),
      ...ROLES.map((role) => (isPublic === true ? 'public' : (roles[role] ?? ''))),
      AUDIT[audit],
    ]
  })
  const schemas = Object.keys(openApiDocument('').components?.schemas ?? {})
  return page('API', [
    `The control plane serves it under \`${API_PREFIX}\`. The whole contract, every parameter and field, is in \`GET ${API_PREFIX}/openapi.json\` (OpenAPI 3.1) and, for people, in \`GET ${API_PREFIX}/reference\`.`,
    [
      '- Authentication: `Authorization: Bearer cpt_…` (a personal API token), or the cookie of a login session. Both at once are refused.',
      '- Calls with the cookie that change something need the header `x-custody-csrf` and come from the same origin. There is no CORS.',
      '- Lists: `limit`, `cursor`; `next` is the cursor of the following page, null on the last.',
      '- Creates take `Idempotency-Key`; a repeat within 24 hours is given the first answer, without its secret.',
      '- Changes take `If-Match` with the ETag of what was read.',
      '- Errors are RFC 9457 problems with a `code` of the [error reference](errors.md).',
      '- Bodies up to 64 KiB. Calls are limited per person (300 at once, 50 a second after that), logins per address (30, one more each 2 seconds).',
    ].join('\n'),
    '## Routes',
    table(['route', 'what it does', 'operation'], routes),
    '## Roles',
    '`all` reaches everything, `own` what belongs to the person: exchanges of their login or their keys, their keys, tokens, login sessions and trail. An empty cell is a refusal. "Audit" says when the audit event is written.',
    table(['operation', 'may', ...ROLES, 'audit'], roles),
    '## Schemas',
    schemas.map((name) => `\`${name}\``).join(', '),
  ])
}
