/** Device logins: a command line asks, a person says yes in the console, short-lived caller tokens follow. */
import { z } from '@hono/zod-openapi'
import { TimeMs, apiRoute, body, json } from './common.ts'

const tags = ['access']

export const CallerToken = z
  .object({
    token: z.string().openapi({ description: 'A gateway key of the person, for an hour.' }),
    expiresAtMs: TimeMs,
    login: z.string(),
    proxyUrl: z.string().openapi({ description: 'Where callers connect.' }),
  })
  .openapi('CallerToken')

export const startDeviceLogin = apiRoute('device.start', {
  method: 'post',
  path: '/device-logins',
  tags,
  summary: 'Begins a device login',
  request: {
    body: body(
      z.strictObject({
        client: z.string().min(1).max(80).openapi({ description: 'What the device calls itself.' }),
      }),
    ),
  },
  responses: {
    201: json(
      z
        .object({
          deviceCode: z.string(),
          userCode: z.string().openapi({ example: 'BCDF-GHJK' }),
          verificationUrl: z.string(),
          intervalMs: z.number().int(),
          expiresAtMs: TimeMs,
        })
        .openapi('DeviceLogin'),
      'Show the code and the address to the person, and poll.',
    ),
  },
})

export const pollDeviceLogin = apiRoute('device.poll', {
  method: 'post',
  path: '/device-logins/poll',
  tags,
  summary: 'Asks whether somebody said yes; the grant comes once',
  request: { body: body(z.strictObject({ deviceCode: z.string().max(200) })) },
  responses: {
    200: json(
      z
        .object({
          state: z.enum(['pending', 'approved', 'denied', 'expired']),
          grant: z.string().nullable(),
          token: CallerToken.nullable(),
        })
        .openapi('DevicePoll'),
      'The state.',
    ),
  },
})

export const refreshDeviceToken = apiRoute('device.refresh', {
  method: 'post',
  path: '/device-logins/refresh',
  tags,
  summary: 'A new caller token for a grant; the one before ends',
  request: { body: body(z.strictObject({ grant: z.string().max(200) })) },
  responses: { 200: json(CallerToken, 'The token.') },
})

const CodeParam = z.object({ code: z.string().max(20) })

export const PendingDevice = z
  .object({ userCode: z.string(), client: z.string(), address: z.string(), createdAtMs: TimeMs })
  .openapi('PendingDevice')
export type PendingDevice = z.infer<typeof PendingDevice>

export const readDeviceLogin = apiRoute('device.read', {
  method: 'get',
  path: '/device-logins/{code}',
  tags,
  summary: 'The device login that waits under a code',
  request: { params: CodeParam },
  responses: { 200: json(PendingDevice, 'Which device asks.') },
})

export const decideDeviceLogin = apiRoute('device.decide', {
  method: 'post',
  path: '/device-logins/{code}/decision',
  tags,
  summary: 'Says yes or no to a device that wants to act for oneself',
  request: { params: CodeParam, body: body(z.strictObject({ approve: z.boolean() })) },
  responses: { 204: { description: 'Done.' } },
})
