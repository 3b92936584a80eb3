/** `custody token`: a short-lived token of the person at this machine, for clients that run a helper command. */
import type { Command } from 'commander'
import { callerToken } from '../connect/caller-token.ts'
import type { TokenResult } from '../connect/caller-token.ts'
import { stateFolder, writeKept } from '../connect/token-cache.ts'
import { isLoopbackUrl } from '../../lib/loopback-url.ts'
import { EXIT, failWith, print, printJson, say } from '../output.ts'
import { terminal } from '../terminal.ts'

const DEFAULT_SERVER = 'http://127.0.0.1:8081'

interface TokenOptions {
  readonly server?: string
  readonly login?: boolean
  readonly logout?: boolean
  readonly fresh?: boolean
  readonly json?: boolean
}

export function registerToken(program: Command): void {
  program
    .command('token')
    .description('print a short-lived caller token, for apiKeyHelper and auth.command')
    .option('--server <url>', `control plane (default CUSTODY_SERVER, else ${DEFAULT_SERVER})`)
    .option('--login', 'say yes in the console first, also when a token is kept')
    .option('--logout', 'forget what is kept here')
    .option('--fresh', 'a new token, also when the kept one would do')
    .option('--json', 'one JSON line')
    .action(token)
}

async function token(options: TokenOptions): Promise<void> {
  const server = serverUrl(options)
  if (server === null) return
  const folder = stateFolder(terminal().env)
  if (options.logout === true || options.login === true) writeKept(folder, server, null)
  if (options.logout === true) {
    say(`forgotten; revoke the key "custody token on …" in the console to end it there too`)
    return
  }
  const isAsked = options.login === true || terminal().err.isTTY
  const result = await callerToken({
    server,
    folder,
    isFresh: options.fresh === true,
    // A helper that a client runs has no terminal, and nobody who would see the question.
    ask: isAsked
      ? ({ userCode, url }) => {
          say(`Open ${url}`)
          say(`and say yes if it shows the code ${userCode}.`)
        }
      : null,
  })
  if (result.kind !== 'token') return explainNoToken(result)
  const { kept } = result
  if (options.json === true) {
    const { expiresAtMs, login, proxyUrl } = kept
    printJson({ token: kept.token, expiresAtMs, login, proxyUrl })
  } else print(kept.token)
}

/** Null when it was said what is wrong with it. */
export function serverUrl(options: { readonly server?: string }): string | null {
  const written = options.server ?? terminal().env['CUSTODY_SERVER'] ?? DEFAULT_SERVER
  const url = URL.canParse(written) ? new URL(written) : null
  if (url?.protocol === 'https:') return url.origin
  if (url?.protocol === 'http:' && isLoopbackUrl(url)) return url.origin
  failWith(EXIT.usage, '--server is no https:// URL', 'http:// is for loopback alone')
  return null
}

export function explainNoToken(result: Exclude<TokenResult, { readonly kind: 'token' }>): void {
  switch (result.kind) {
    case 'login-needed':
      return failWith(EXIT.failed, 'nobody is logged in here', 'run: custody token --login')
    case 'denied':
      return failWith(EXIT.failed, 'it was refused in the console')
    case 'expired':
      return failWith(EXIT.failed, 'nobody said yes in time', 'run: custody token --login')
    case 'unreachable':
      return failWith(EXIT.failed, `no token: ${result.reason}`, 'is --server right?')
  }
}
