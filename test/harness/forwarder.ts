/** A port that stays while what is behind it is replaced: for gateways that restart under their callers. */
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

export interface Forwarder extends AsyncDisposable {
  readonly url: string
  /** Null: callers that come meanwhile are let wait. */
  readonly leadTo: (url: string | null) => void
}

export async function startForwarder(): Promise<Forwarder> {
  let port: number | null = null
  const waiting = new Set<Socket>()
  const open = new Set<Socket>()
  const lead = (caller: Socket): void => {
    if (port === null) {
      waiting.add(caller)
      return
    }
    const callee = connect(port, '127.0.0.1')
    for (const [one, other] of [
      [caller, callee],
      [callee, caller],
    ] as const) {
      open.add(one)
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
    }
  }
  const server = createServer(lead)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo: (url) => {
      port = url === null ? null : Number(new URL(url).port)
      if (port === null) return
      for (const caller of waiting) lead(caller)
      waiting.clear()
    },
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of [...open, ...waiting]) socket.destroy()
      await closed
    },
  }
}
