/** Device logins that wait for a yes. */
import { queryOptions } from '@tanstack/react-query'
import type {
  PendingDevice,
  decideDeviceLogin,
  readDeviceLogin,
} from '../../../src/api/contract/devices.ts'
import { call } from './client.ts'

export function deviceQuery(code: string) {
  return queryOptions({
    queryKey: ['device-login', code],
    queryFn: ({ signal }): Promise<PendingDevice> =>
      call<typeof readDeviceLogin>('get', '/device-logins/{code}', { params: { code }, signal }),
    enabled: code !== '',
  })
}

export function decideDevice(code: string, approve: boolean): Promise<undefined> {
  return call<typeof decideDeviceLogin>('post', '/device-logins/{code}/decision', {
    params: { code },
    body: { approve },
  })
}
