/** Reads which control plane a command talks to, and with which token; none means the data folder. */
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { Option } from 'commander'
import { errorCode } from '../../lib/error-code.ts'
import { isLoopbackUrl } from '../../lib/loopback-url.ts'
import type { ApiClient } from './api-client.ts'
import { createApiClient } from './api-client.ts'
import { usageFailure } from './remote-failure.ts'
import { terminal } from '../terminal.ts'

export interface ServerOptions {
  readonly server?: string
  readonly token?: string | true
  readonly tokenFile?: string
  readonly insecureHttp?: boolean
  readonly data?: string
  readonly config?: string
}

export function withServer(command: Command): Command {
  return command
    .option('--server <url>', 'control plane to ask instead of a data folder (or CUSTODY_SERVER)')
    .option('--token-file <file>', 'file with your API token (or the token in CUSTODY_TOKEN)')
    .option('--insecure-http', 'send the token in clear text to another machine')
    .addOption(new Option('--token [token]').hideHelp())
}

/** Null to read the data folder. Throws `RemoteFailure` for options that make no sense together. */
export function serverFor(options: ServerOptions): ApiClient | null {
  const { env } = terminal()
  // Threat: arguments are seen by every process of the machine and kept by the shell.
  if (options.token !== undefined) {
    throw usageFailure(
      'a token is never given as an argument; treat this one as known to others',
      'put it in CUSTODY_TOKEN, or in a file named with --token-file',
    )
  }
  const isLocal = options.data !== undefined || options.config !== undefined
  if (options.server !== undefined && isLocal) {
    throw usageFailure('--server takes no --data and no --config', 'name one place to read from')
  }
  const server = options.server ?? (isLocal ? '' : (env['CUSTODY_SERVER'] ?? ''))
  if (server === '' && options.server === undefined) {
    if (options.tokenFile === undefined && options.insecureHttp !== true) return null
    throw usageFailure(
      `--${options.tokenFile === undefined ? 'insecure-http' : 'token-file'} takes --server`,
      '--server names the control plane',
    )
  }
  const baseUrl = readServer(server, options.insecureHttp === true)
  return createApiClient(baseUrl, readToken(options.tokenFile, env))
}

function readServer(text: string, isInsecureAllowed: boolean): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw usageFailure(
      '--server takes a URL with http or https',
      'such as https://custody.example:8081, the address of the control plane',
    )
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw usageFailure(
      '--server takes a URL without user, password, query and fragment',
      'the token comes from CUSTODY_TOKEN or --token-file',
    )
  }
  if (url.protocol === 'http:' && !isInsecureAllowed && !isLoopbackUrl(url)) {
    throw usageFailure(
      `${url.host} would be sent the token in clear text`,
      'use https, or --insecure-http on a network where nobody listens',
    )
  }
  return url.origin + url.pathname.replace(/\/+$/, '')
}

function readToken(file: string | undefined, env: NodeJS.ProcessEnv): string {
  const source = file ?? 'CUSTODY_TOKEN'
  const token = (file === undefined ? (env['CUSTODY_TOKEN'] ?? '') : readTokenFile(file)).trim()
  if (token === '') {
    throw usageFailure(
      file === undefined ? 'there is no token' : `${file} holds no token`,
      'make one in the console under API tokens; put it in CUSTODY_TOKEN or in a file for --token-file',
    )
  }
  // Threat: a provider key or a gateway key that stands there by mistake is not sent anywhere.
  if (!/^cpt_[0-9A-Za-z]+$/.test(token)) {
    throw usageFailure(
      `${source} holds no personal API token`,
      'they begin with cpt_; gateway keys (cst_) are for callers of models',
    )
  }
  return token
}

function readTokenFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = errorCode(error) || 'unreadable'
    throw usageFailure(
      `${file} cannot be read: ${code}`,
      '--token-file takes a file with the token',
    )
  }
}
