/** For what only the running gateway may do: what it does becomes evidence, and evidence has one writer. */
import type { ApiClient } from './api-client.ts'
import { usageFailure } from './remote-failure.ts'
import { serverFor, type ServerOptions } from './server-options.ts'

/** Throws `RemoteFailure` without a gateway to ask. */
export function gatewayFor(options: ServerOptions): ApiClient {
  const api = serverFor(options)
  if (api !== null) return api
  throw usageFailure(
    'this is done by the running gateway, so that it stands in the evidence',
    'name its control plane with --server or CUSTODY_SERVER',
  )
}

/** Throws `RemoteFailure` when nobody gave one. */
export function reasonFrom(reason: string | undefined): string {
  if (reason !== undefined && reason.trim().length >= 10) return reason
  throw usageFailure(
    '--reason takes at least ten characters',
    'it is recorded, and read by whoever checks later',
  )
}
