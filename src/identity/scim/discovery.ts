/** What this SCIM server can do, in the three documents that clients ask for first (RFC 7643 5 to 7). */
import type { Attributes } from './attributes.ts'
import { ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA } from './attributes.ts'

export const COUNT_MAX = 200

const CONFIG = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'
const TYPE = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType'
const SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Schema'

export function serviceProviderConfig(base: string): Attributes {
  return {
    schemas: [CONFIG],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: COUNT_MAX },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: true },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Token of a provisioning client',
        description: 'Made by an admin in the console: People, Provisioning.',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
  }
}

export function resourceTypes(base: string): readonly Attributes[] {
  const type = (name: string, endpoint: string, schema: string, more: Attributes): Attributes => ({
    schemas: [TYPE],
    id: name,
    name,
    endpoint,
    schema,
    ...more,
    meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${name}` },
  })
  return [
    type('User', '/Users', USER_SCHEMA, {
      schemaExtensions: [{ schema: ENTERPRISE_SCHEMA, required: false }],
    }),
    type('Group', '/Groups', GROUP_SCHEMA, {}),
  ]
}

interface Attribute {
  readonly name: string
  readonly type?: 'string' | 'boolean' | 'complex' | 'reference'
  readonly multiValued?: boolean
  readonly required?: boolean
  readonly caseExact?: boolean
  readonly mutability?: 'readOnly' | 'readWrite'
  readonly uniqueness?: 'none' | 'server'
  readonly subAttributes?: readonly Attribute[]
}

const text = (name: string): Attribute => ({ name })
const list = (name: string, subAttributes: readonly Attribute[]): Attribute => ({
  name,
  type: 'complex',
  multiValued: true,
  subAttributes,
})
const VALUES = [text('value'), text('display'), text('type')]

const USER: readonly Attribute[] = [
  { name: 'userName', required: true, uniqueness: 'server' },
  { name: 'externalId', caseExact: true },
  text('displayName'),
  {
    name: 'name',
    type: 'complex',
    subAttributes: [text('formatted'), text('givenName'), text('familyName')],
  },
  text('title'),
  { name: 'active', type: 'boolean' },
  list('emails', [...VALUES, { name: 'primary', type: 'boolean' }]),
  { ...list('groups', VALUES), mutability: 'readOnly' },
  { ...list('roles', VALUES), mutability: 'readOnly' },
]

const GROUP: readonly Attribute[] = [
  { name: 'displayName', required: true, uniqueness: 'server' },
  { name: 'externalId', caseExact: true },
  list('members', [...VALUES, { name: '$ref', type: 'reference', mutability: 'readOnly' }]),
]

const ENTERPRISE: readonly Attribute[] = [
  text('employeeNumber'),
  text('costCenter'),
  text('organization'),
  text('division'),
  text('department'),
]

export function schemas(base: string): readonly Attributes[] {
  const schema = (id: string, name: string, attributes: readonly Attribute[]): Attributes => ({
    schemas: [SCHEMA],
    id,
    name,
    description: name,
    attributes: attributes.map(described),
    meta: { resourceType: 'Schema', location: `${base}/Schemas/${id}` },
  })
  return [
    schema(USER_SCHEMA, 'User', USER),
    schema(GROUP_SCHEMA, 'Group', GROUP),
    schema(ENTERPRISE_SCHEMA, 'EnterpriseUser', ENTERPRISE),
  ]
}

function described(attribute: Attribute): Attributes {
  const { subAttributes } = attribute
  return {
    type: 'string',
    multiValued: false,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...attribute,
    ...(subAttributes === undefined ? {} : { subAttributes: subAttributes.map(described) }),
  }
}
