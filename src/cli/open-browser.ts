/** Opens a page in the browser of whoever sits at this desk, and does nothing where nobody does: in a pipe, in CI, over SSH, without a display. */
import { spawn } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { programPath } from './connect/machine.ts'
import type { Terminal } from './terminal.ts'

/** A program with its arguments; no shell reads them. */
export interface BrowserCommand {
  readonly program: string
  readonly args: readonly string[]
}

type Desk = Pick<Terminal, 'env'> & {
  readonly out: { readonly isTTY?: boolean }
  readonly platform: NodeJS.Platform
}

/** Somebody else's desk, or nobody's. */
const ELSEWHERE = ['CI', 'SSH_CONNECTION', 'SSH_CLIENT', 'SSH_TTY']
const DISPLAYS = ['DISPLAY', 'WAYLAND_DISPLAY']

/** How this desk opens an address; null where it has no browser that would be seen. */
export function browserCommand(
  { env, out, platform }: Desk,
  address: string,
): BrowserCommand | null {
  const isSet = (name: string): boolean => (env[name] ?? '') !== ''
  if (out.isTTY !== true || ELSEWHERE.some(isSet) || env['BROWSER'] === 'none') return null
  if (platform === 'darwin') return { program: '/usr/bin/open', args: [address] }
  // Not `start`: it is a word of a shell, which would read the address.
  if (platform === 'win32')
    return { program: 'rundll32.exe', args: ['url.dll,FileProtocolHandler', address] }
  const program = DISPLAYS.some(isSet) ? programPath('xdg-open', env) : null
  return program === null ? null : { program, args: [address] }
}

/**
 * Threat: everybody on this machine sees the arguments of every process, and a login link is a credential. So the browser is
 * given a file that only its owner reads, and that leads on to the address.
 */
export function leadingPage(address: string): string {
  const written = address.replaceAll(/[^\w:/?#=.,~%-]/g, (sign) => `&#${sign.codePointAt(0)};`)
  return `<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url=${written}">
<title>Custody</title>
<p><a href="${written}">Open the console</a></p>
`
}

/** False where there is nobody to open it for. That it opens is not waited for, and not known. */
export function openPage(desk: Desk, file: string): boolean {
  const command = browserCommand(desk, pathToFileURL(file).href)
  if (command === null) return false
  const child = spawn(command.program, command.args, {
    env: desk.env,
    stdio: 'ignore',
    detached: true,
  })
  // The link stands in the terminal too.
  child.on('error', () => undefined)
  child.unref()
  return true
}
