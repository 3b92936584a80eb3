/** Tells URLs that only this machine can answer; a name that merely looks like a loopback address is none. */
import { isIPv4 } from 'node:net'

export function isLoopbackUrl(url: URL): boolean {
  const { hostname } = url
  if (hostname === 'localhost' || hostname === '[::1]') return true
  return isIPv4(hostname) && hostname.startsWith('127.')
}
