/** Login at an identity provider: where a browser begins, and where the provider sends it back. */
import { z } from '@hono/zod-openapi'
import type { LOGIN_PROBLEMS } from '../../model/login.ts'
import { apiRoute } from './common.ts'

/** `problem` in the address of the login page, after a login that ended outside. */
export type LoginProblem = (typeof LOGIN_PROBLEMS)[number]

const tags = ['access']

const ProviderParam = z.object({ provider: z.string().max(64) })

const REDIRECT = { 303: { description: 'Onward: to the provider, or to a page of the console.' } }

export const startLogin = apiRoute('login.start', {
  method: 'get',
  path: '/login/providers/{provider}/start',
  tags,
  summary: 'Sends the browser to the identity provider',
  request: {
    params: ProviderParam,
    query: z.object({
      next: z
        .string()
        .max(500)
        .optional()
        .openapi({ description: 'Page of the console to come back to.' }),
    }),
  },
  responses: REDIRECT,
})

export const finishLogin = apiRoute('login.callback', {
  method: 'get',
  path: '/login/providers/{provider}/callback',
  tags,
  summary: 'Where an OpenID provider sends the browser back',
  request: { params: ProviderParam },
  responses: REDIRECT,
})

export const finishSamlLogin = apiRoute('login.saml', {
  method: 'post',
  path: '/login/providers/{provider}/acs',
  tags,
  summary: 'Assertion consumer service: where a SAML provider posts its answer',
  request: {
    params: ProviderParam,
    body: {
      required: true,
      content: {
        'application/x-www-form-urlencoded': {
          schema: z.object({ SAMLResponse: z.string(), RelayState: z.string().default('') }),
        },
      },
    },
  },
  responses: REDIRECT,
})

export const readSamlMetadata = apiRoute('login.saml-metadata', {
  method: 'get',
  path: '/login/providers/{provider}/metadata',
  tags,
  summary: 'Our SAML metadata, for the identity provider',
  request: { params: ProviderParam },
  responses: {
    200: {
      description: 'An EntityDescriptor.',
      content: { 'application/samlmetadata+xml': { schema: z.string() } },
    },
  },
})

export const endSamlLogin = apiRoute('login.saml-logout', {
  method: 'get',
  path: '/login/providers/{provider}/slo',
  tags,
  summary: 'Single logout service: logout requests of a SAML provider, and its answers to ours',
  request: { params: ProviderParam },
  responses: REDIRECT,
})
