/** A mail server on this machine that keeps what it is given: enough of RFC 5321 for a real client. */
import { createServer } from 'node:net'
import type { Socket } from 'node:net'

export interface Mail {
  readonly from: string
  readonly to: readonly string[]
  /** Headers and body as they came, without the dots of the transport. */
  readonly text: string
}

export interface MailSink extends AsyncDisposable {
  readonly url: string
  readonly mails: readonly Mail[]
}

/** The first `refusals` mails are turned away for now, as a busy server does. */
export async function startMailSink(refusals = 0): Promise<MailSink> {
  const mails: Mail[] = []
  const sockets = new Set<Socket>()
  let refused = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    serve(socket, (mail) => {
      if (refused < refusals) {
        refused += 1
        return false
      }
      mails.push(mail)
      return true
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `smtp://127.0.0.1:${address.port}`,
    mails,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function serve(socket: Socket, take: (mail: Mail) => boolean): void {
  let buffer = ''
  let from = ''
  let to: string[] = []
  let data: string[] | null = null
  const say = (line: string): void => {
    socket.write(`${line}\r\n`)
  }
  const end = (lines: readonly string[]): void => {
    say(take({ from, to, text: lines.join('\n') }) ? '250 kept' : '451 later')
    from = ''
    to = []
  }
  const read = (line: string): void => {
    if (data !== null) {
      if (line === '.') {
        const lines = data
        data = null
        end(lines)
      } else data.push(line.startsWith('.') ? line.slice(1) : line)
      return
    }
    const [, verb = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(line) ?? []
    switch (verb.toUpperCase()) {
      case 'EHLO':
      case 'HELO':
        return say('250 sink')
      case 'MAIL':
        from = addressIn(rest)
        return say('250 ok')
      case 'RCPT':
        to.push(addressIn(rest))
        return say('250 ok')
      case 'DATA':
        data = []
        return say('354 go on')
      case 'QUIT':
        say('221 bye')
        return void socket.end()
      default:
        return say('502 not here')
    }
  }
  say('220 sink')
  socket.setEncoding('utf8').on('data', (text: string) => {
    buffer += text
    for (let at = buffer.indexOf('\n'); at >= 0; at = buffer.indexOf('\n')) {
      const line = buffer.slice(0, at).replace(/\r$/, '')
      buffer = buffer.slice(at + 1)
      read(line)
    }
  })
}

const addressIn = (text: string): string => /<([^>]*)>/.exec(text)?.[1] ?? ''
