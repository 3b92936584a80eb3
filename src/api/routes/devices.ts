/** Serves device logins: start, poll and refresh for the device; look and decide for the person. */
import {
  POLL_MS,
  beginDeviceLogin,
  pollDeviceLogin as poll,
  readUserCode,
  refreshCallerToken,
} from '../../identity/device-login.ts'
import { fail } from '../../model/errors.ts'
import type { DeviceLoginRow } from '../../model/devices.ts'
import {
  decideDeviceLogin,
  pollDeviceLogin,
  readDeviceLogin,
  refreshDeviceToken,
  startDeviceLogin,
} from '../contract/devices.ts'
import type { Registrar } from '../registrar.ts'

export function deviceRoutes({ app, parts, guarded }: Registrar): void {
  const { control, keys, clock } = parts
  const { devices } = control
  const proxyUrl = (): string => parts.status().proxyUrl
  app.openapi(guarded(startDeviceLogin), async (context) => {
    const { client } = context.req.valid('json')
    const address = context.get('address')
    const begun = await beginDeviceLogin({ control, keys, clock }, { client, address })
    const verificationUrl = `${parts.consoleUrl()}/device?code=${begun.userCode}`
    return context.json({ ...begun, verificationUrl, intervalMs: POLL_MS }, 201)
  })
  app.openapi(guarded(pollDeviceLogin), async (context) => {
    const { deviceCode } = context.req.valid('json')
    const answer = await poll({ control, keys, clock }, deviceCode)
    if (answer.kind !== 'approved')
      return context.json({ state: answer.kind, grant: null, token: null }, 200)
    const token = { ...answer.token, proxyUrl: proxyUrl() }
    return context.json({ state: answer.kind, grant: answer.grant, token }, 200)
  })
  app.openapi(guarded(refreshDeviceToken), async (context) => {
    const { grant } = context.req.valid('json')
    const token = await refreshCallerToken({ control, keys, clock }, grant)
    if (token === null) throw fail('api.device-refused')
    return context.json({ ...token, proxyUrl: proxyUrl() }, 200)
  })
  const waiting = async (written: string): Promise<DeviceLoginRow> => {
    const code = readUserCode(written)
    const row = code === null ? null : await devices.byUserCode(code, clock.nowMs())
    if (row === null || row.state !== 'pending') throw fail('api.not-found')
    return row
  }
  app.openapi(guarded(readDeviceLogin), async (context) => {
    const { userCode, client, address, createdAtMs } = await waiting(
      context.req.valid('param').code,
    )
    return context.json({ userCode, client, address, createdAtMs }, 200)
  })
  app.openapi(guarded(decideDeviceLogin), async (context) => {
    const row = await waiting(context.req.valid('param').code)
    const who = context.get('signedIn')
    // A token of a program must not make itself a longer life.
    if (who.authentication !== 'login-session') throw fail('api.forbidden')
    const { approve } = context.req.valid('json')
    context.get('audit').add({ target: row.userCode, details: { client: row.client, approve } })
    const decision = {
      state: approve ? ('approved' as const) : ('denied' as const),
      person: who.person.id,
    }
    if (!(await devices.decide(row.userCode, decision, clock.nowMs()))) throw fail('api.not-found')
    return context.body(null, 204)
  })
}
